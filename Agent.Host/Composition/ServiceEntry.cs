using System.Net.Sockets;
using Agent.Actors.Kernel;
using Agent.Host.Commands;
using Agent.Host.Configuration;
using Agent.Host.Demo;
using Agent.Host.Journal;
using Agent.Host.Supervision;
using Agent.Host.Telemetry;

namespace Agent.Host.Composition;

/// <summary>The long-running commands: starts an agent, watches over it, and takes signals.</summary>
internal sealed partial class ServiceEntry(Hangups hangups) : IServiceEntry
{
    public async Task<int> RunAsync(ServiceRequest request, CancellationToken stop)
    {
        hangups.Listen();
        AgentConfiguration configuration = request.Configuration.Current;
        LoggingOptions logging = configuration.Options.Logging;
        using var lines = new LineLoggerProvider(logging.Format == LogFormat.Json, logging.Level, request.Console.Error);
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        ILogger log = loggers.CreateLogger<ServiceEntry>();
        LogWarnings(log, configuration);
        using ServiceManager manager = ServiceManager.FromEnvironment(loggers.CreateLogger<ServiceManager>());
        try
        {
            await using AgentService service = await AgentService.StartAsync(configuration.Options, loggers, lines, stop, manager.Starting);
            await request.Console.Output.WriteLineAsync(service.ReadyLine);
            await request.Console.Output.FlushAsync(CancellationToken.None);
            manager.Ready(service.ReadyLine, service.IsMovingAsync);
            int code = await WatchAsync(service, request.Configuration, hangups, lines, log, manager, stop);
            manager.Stopping(code == ExitCode.Done ? "stopping" : "ending after a fault", service.StopsWithin);
            return code;
        }
        catch (Exception failure) when (failure is JournalOpenException or StartException)
        {
            lines.Flush();
            // A service manager tries the one again and leaves the other to a person.
            int code = failure is JournalOpenException { MayPass: true } ? ExitCode.Failed : ExitCode.Usage;
            return request.Console.Fail(code, failure.Message);
        }
        catch (Exception failure) when (IsOutside(failure))
        {
            lines.Flush();
            return request.Console.Fail(ExitCode.Failed, $"cannot start: {failure.Message}");
        }
    }

    public async Task<int> DemoAsync(DemoRequest request, CancellationToken stop)
    {
        try
        {
            using var demo = new DemoRun(request.Console);
            return await demo.RunAsync(request, stop);
        }
        catch (Exception failure) when (failure is JournalOpenException or StartException || IsOutside(failure))
        {
            return request.Console.Fail(ExitCode.Failed, $"the demo cannot run: {failure.Message}");
        }
    }

    /// <summary>The machine refuses something: a port, a file. Where results go has its own words.</summary>
    private static bool IsOutside(Exception failure) =>
        failure is SocketException or UnauthorizedAccessException or (IOException and not OutputException);

    private static async Task<int> WatchAsync(
        AgentService service,
        ConfigurationReloader reloader,
        Hangups hangups,
        LineLoggerProvider lines,
        ILogger log,
        ServiceManager manager,
        CancellationToken stop)
    {
        while (true)
        {
            Task<bool> reload = hangups.WaitAsync(stop);
            Task first = await Task.WhenAny(reload, service.Fatal, service.Fenced);
            if (first == service.Fenced)
            {
                LogFenced(log, (await service.Fenced).Text);

                // A node of a cluster comes back to its place, and a database that has lost changes is loaded anew. Two that stand alone
                // with one database would take it from each other for ever if a service manager started both again.
                return service.IsNode || service.MayOpenAgain ? ExitCode.Failed : ExitCode.Usage;
            }

            if (first == service.Fatal)
            {
                FatalError error = await service.Fatal;
                LogFatal(log, error.Actor.Path, error.Cause);
                return ExitCode.Failed;
            }

            if (reload.IsCanceled)
            {
                LogStopping(log);
                return ExitCode.Done;
            }

            hangups.Take();
            manager.Reloading();
            string? problem = await ReloadAsync(service, reloader, lines, log, stop);
            manager.Reloaded(problem is null ? service.ReadyLine : $"the old configuration stays: {problem}");
        }
    }

    /// <summary>What is wrong with the new configuration; null when it was taken over.</summary>
    private static async Task<string?> ReloadAsync(
        AgentService service, ConfigurationReloader reloader, LineLoggerProvider lines, ILogger log, CancellationToken stop)
    {
        try
        {
            ConfigurationChange change = await FileRead.UntilStoppedAsync(reloader.Reload, stop);
            await service.ApplyAsync(change.Applied, stop);
            lines.Level = change.Applied.Logging.Level;
            foreach (ChangedKey key in change.Live) LogApplied(log, key.ToString());
            foreach (ChangedKey key in change.NeedingRestart) LogKept(log, key.ToString());
            LogWarnings(log, reloader.Current);
            LogReloaded(log);
            return null;
        }
        catch (Exception failure) when (failure is ConfigurationException or IOException or ArgumentException)
        {
            LogReloadRefused(log, failure.Message);
            return failure.Message;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return "the agent stops";
        }
    }

    /// <summary>What is absent may come, such as a server's key with its first start: its target is away until then.</summary>
    private static void LogWarnings(ILogger log, AgentConfiguration configuration)
    {
        foreach (string warning in configuration.Warnings) LogWarning(log, warning);
        foreach (ConfigurationProblem absent in configuration.AbsentFiles) LogWarning(log, absent.ToString());
    }

    [LoggerMessage(EventId = 100, EventName = "config-warning", Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogWarning(ILogger log, string warning);

    [LoggerMessage(EventId = 101, EventName = "stopping", Level = LogLevel.Information, Message = "stopping")]
    private static partial void LogStopping(ILogger log);

    [LoggerMessage(
        EventId = 102,
        EventName = "fatal",
        Level = LogLevel.Critical,
        Message = "{Actor} found its own state impossible; the process ends")]
    private static partial void LogFatal(ILogger log, string actor, Exception cause);

    [LoggerMessage(EventId = 103, EventName = "config-applied", Level = LogLevel.Information, Message = "applied {Change}")]
    private static partial void LogApplied(ILogger log, string change);

    [LoggerMessage(EventId = 104, EventName = "config-kept", Level = LogLevel.Warning, Message = "not applied {Change}")]
    private static partial void LogKept(ILogger log, string change);

    [LoggerMessage(EventId = 105, EventName = "config-reloaded", Level = LogLevel.Information, Message = "configuration reloaded")]
    private static partial void LogReloaded(ILogger log);

    [LoggerMessage(EventId = 107, EventName = "journal-fenced", Level = LogLevel.Critical, Message = "{Cause}; the process ends")]
    private static partial void LogFenced(ILogger log, string cause);

    [LoggerMessage(EventId = 106, EventName = "config-refused", Level = LogLevel.Error, Message = "the old configuration stays: {Problem}")]
    private static partial void LogReloadRefused(ILogger log, string problem);
}
