#!/usr/bin/env node
import { nodeEnvironment } from './cmapctl/node-environment.ts';
import { runCmapctl } from './cmapctl/run.ts';
import { exitWith } from './exit-with.ts';
import { rawArguments } from './arguments/raw-arguments.ts';

exitWith(runCmapctl(rawArguments(), nodeEnvironment()));
