using Agent.Host.Commands;
using Agent.Host.Composition;

return await CommandTree.RunAsync(args, CommandConsole.OfProcess(), new ServiceEntry());
