using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Agent.Host.Supervision;

/// <summary>Tells the service manager what becomes of this process. Where none listens, nothing happens.</summary>
internal sealed partial class ServiceManager : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private const string WatchdogProcessVariable = "WATCHDOG_PID";

    private readonly NotifySocket? _socket;
    private readonly TimeSpan? _watchdog;
    private readonly ILogger _logger;
    private LifeSigns? _life;

    private ServiceManager(NotifySocket? socket, TimeSpan? watchdog, ILogger logger)
    {
        _socket = socket;
        _watchdog = watchdog;
        _logger = logger;
    }

    /// <summary>The one that the environment names. The variables are taken away: what the agent runs is not the service.</summary>
    public static ServiceManager FromEnvironment(ILogger logger)
    {
        NotifySocket? socket = null;
        string? address = Take(SocketVariable);
        TimeSpan? watchdog = WatchdogOf(Take(WatchdogVariable), Take(WatchdogProcessVariable), Environment.ProcessId);
        if (!string.IsNullOrEmpty(address))
        {
            try
            {
                socket = NotifySocket.Open(address);
            }
            catch (Exception failure) when (failure is SocketException or ArgumentException)
            {
                LogUnreachable(logger, PlainTextOf(address), failure.Message);
            }
        }

        return new ServiceManager(socket, watchdog, logger);
    }

    /// <summary>A step of the start begins; it may take as long as a whole start may by default.</summary>
    public void Starting(string step) => _socket?.Send($"STATUS={step}", Extend(TimeSpan.FromSeconds(90)));

    /// <summary>Everything is bound and open; from here on signs of life are given.</summary>
    /// <param name="status">For whoever looks.</param>
    /// <param name="ask">A question through the actors, with the time it has.</param>
    public void Ready(string status, Func<TimeSpan, Task<bool>> ask)
    {
        if (_socket is not { } socket) return;
        if (!socket.Send("READY=1", $"STATUS={PlainTextOf(status)}")) LogLost(_logger, "READY=1");
        if (_watchdog is not { } watchdog) return;
        _life = new LifeSigns(watchdog, ask, () => socket.Send("WATCHDOG=1"));
        _life.Start();
    }

    /// <summary>The configuration is read anew; <see cref="Reloaded"/> follows.</summary>
    public void Reloading() =>
        _socket?.Send("RELOADING=1", $"MONOTONIC_USEC={MonotonicUs().ToString(CultureInfo.InvariantCulture)}");

    public void Reloaded(string status) => _socket?.Send("READY=1", $"STATUS={PlainTextOf(status)}");

    /// <summary>The end has begun.</summary>
    /// <param name="within">It may take this long, whatever the service manager was told in its own configuration.</param>
    public void Stopping(string status, TimeSpan within) =>
        _socket?.Send("STOPPING=1", $"STATUS={PlainTextOf(status)}", Extend(within));

    public void Dispose()
    {
        _life?.Dispose();
        _socket?.Dispose();
    }

    /// <summary>The watchdog's time; null where there is none, or it is meant for another process.</summary>
    internal static TimeSpan? WatchdogOf(string? microseconds, string? process, int self)
    {
        if (!long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long time) || time <= 0) return null;
        bool isOurs = string.IsNullOrEmpty(process)
            || (int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id == self);
        return isOurs ? TimeSpan.FromMicroseconds(time) : null;
    }

    private static string Extend(TimeSpan time) =>
        "EXTEND_TIMEOUT_USEC=" + ((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>The clock that systemd compares with is CLOCK_MONOTONIC, which is what the runtime's stopwatch reads on Linux.</summary>
    private static long MonotonicUs() => (long)(Stopwatch.GetTimestamp() * (1_000_000.0 / Stopwatch.Frequency));

    /// <summary>A message is lines, so what is told is one.</summary>
    private static string PlainTextOf(string text) => Commands.PlainText.Of(text.ReplaceLineEndings("; "));

    private static string? Take(string variable)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        if (value is not null) Environment.SetEnvironmentVariable(variable, null);
        return value;
    }

    [LoggerMessage(EventId = 120, EventName = "service-manager-away", Level = LogLevel.Warning,
        Message = "the service manager cannot be reached at {Address}: {Problem}")]
    private static partial void LogUnreachable(ILogger logger, string address, string problem);

    [LoggerMessage(EventId = 121, EventName = "service-manager-deaf", Level = LogLevel.Warning,
        Message = "the service manager did not take {Message}")]
    private static partial void LogLost(ILogger logger, string message);
}
