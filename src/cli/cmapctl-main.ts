#!/usr/bin/env node
import { nodeEnvironment } from './cmapctl/node-environment.ts';
import { runCmapctl } from './cmapctl/run.ts';
import { rawArguments } from './raw-arguments.ts';

process.exit(await runCmapctl(rawArguments(), nodeEnvironment()));
