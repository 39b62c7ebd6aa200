using Agent.Host.Commands;
using Agent.Host.Composition;

PoolThreads.Settle();
FaultPointFile.ArmFromEnvironment();
return await CommandTree.RunAsync(args, CommandConsole.OfProcess(), new ServiceEntry());
