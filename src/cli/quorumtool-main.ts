#!/usr/bin/env node
import { runQuorumtool } from './quorumtool/run.ts';
import { nodeServicesEnvironment } from './drop-in/node-services.ts';
import { exitWith } from './exit-with.ts';
import { rawArguments } from './arguments/raw-arguments.ts';

exitWith(runQuorumtool(rawArguments(), nodeServicesEnvironment()));
