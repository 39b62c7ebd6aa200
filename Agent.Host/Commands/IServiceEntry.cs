using Agent.Host.Configuration;

namespace Agent.Host.Commands;

/// <param name="Configuration">Loaded and checked; also loads anew for SIGHUP.</param>
public sealed record ServiceRequest(ConfigurationReloader Configuration, CommandConsole Console);

/// <param name="Once">End after the last step instead of staying up.</param>
/// <param name="Port">The agent's DNS port; null: any free one.</param>
public sealed record DemoRequest(bool Once, int? Port, CommandConsole Console);

/// <summary>
/// The long-running parts of the program, as the command line starts them. Both end soon after <c>stop</c> with an exit code.
/// </summary>
public interface IServiceEntry
{
    /// <summary>The service: returns when it was told to stop and has stopped, or when it could not start.</summary>
    Task<int> RunAsync(ServiceRequest request, CancellationToken stop);

    Task<int> DemoAsync(DemoRequest request, CancellationToken stop);
}
