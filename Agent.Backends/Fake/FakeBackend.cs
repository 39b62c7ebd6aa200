using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Extensions.Logging;

namespace Agent.Backends.Fake;

/// <summary>Accepts everything, says so in the log, and remembers it until the process ends: for trials without a DNS server.</summary>
public sealed partial class FakeBackend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 16;

    private static readonly BackendTraits Driver = new("fake", ConcurrentOrders, TimeSpan.FromSeconds(1)) { Listing = ZoneListing.Whole };

    private readonly Lock _gate = new();
    private readonly Dictionary<DomainName, uint> _serials = [];
    private readonly ILogger _log;

    /// <summary>A server without zones.</summary>
    public FakeBackend(ILogger log, TimeProvider time)
        : base(Driver, OrderDeadlines.Default, time) => _log = log;

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        lock (_gate) _serials[zone] = content.Serial;
        LogApplied(zone, content.Serial, content.RecordCount);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        bool wasThere;
        lock (_gate) wasThere = _serials.Remove(zone);
        LogRemoved(zone, wasThere);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        uint serial;
        bool isThere;
        lock (_gate) isThere = _serials.TryGetValue(zone, out serial);
        ZoneSighting seen = isThere ? ZoneSighting.Present(serial) : ZoneSighting.Absent;
        LogObserved(zone, seen.Observation, serial);
        return Task.FromResult(seen);
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        lock (_gate) return Task.FromResult<IReadOnlyCollection<DomainName>>([.. _serials.Keys]);
    }

    /// <inheritdoc/>
    protected override Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;

    [LoggerMessage(
        EventName = "fake-applied",
        Level = LogLevel.Information,
        Message = "fake: {Zone} would be served with serial {Serial}, {Records} records")]
    private partial void LogApplied(DomainName zone, uint serial, long records);

    [LoggerMessage(
        EventName = "fake-removed",
        Level = LogLevel.Information,
        Message = "fake: {Zone} would be removed (was there: {WasThere})")]
    private partial void LogRemoved(DomainName zone, bool wasThere);

    [LoggerMessage(EventName = "fake-observed", Level = LogLevel.Debug, Message = "fake: {Zone} seen as {Observation}, serial {Serial}")]
    private partial void LogObserved(DomainName zone, Observation observation, uint serial);
}
