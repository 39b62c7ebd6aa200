using Agent.Host.Commands;

return await CommandTree.RunAsync(args, CommandConsole.OfProcess(), service: null);
