using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Actors.Kernel;

/// <summary>What a system is built on.</summary>
public sealed record ActorSystemSettings
{
    /// <summary>Threads and machine clock by default; a simulated node in simulation.</summary>
    public ActorRuntime? Runtime { get; init; }

    /// <summary>Where the kernel reports failures.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How failures of the actors at the top are answered.</summary>
    public SupervisorStrategy GuardianStrategy { get; init; } = SupervisorStrategy.Default;

    /// <summary>Called once with the first <see cref="FatalError"/>; the host ends the process here. Runs on the thread of the failed
    /// turn.</summary>
    public Action<FatalError>? OnFatalError { get; init; }
}
