using Agent.Host.Commands;
using Agent.Host.Composition;

using var hangups = new Hangups();
if (args is ["run", ..]) hangups.Listen();
PoolThreads.Settle();
FaultPointFile.ArmFromEnvironment();
return await CommandTree.RunAsync(args, CommandConsole.OfProcess(), new ServiceEntry(hangups));
