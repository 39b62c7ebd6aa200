using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Conformance;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Conformance;

/// <summary>A driver and the server that it is for, as the suite wants them.</summary>
internal sealed class DriverBed(Func<IZoneBackend> create, params IEnumerable<object> held) : ConformanceBed, IAsyncDisposable
{
    private readonly TemporaryFolder _spool = new("conform");

    /// <summary>Where what is served can be transferred; null: nowhere.</summary>
    public EndPoint? Server { get; init; }

    /// <summary>Signs the transfers.</summary>
    public TsigKey? Key { get; init; }

    /// <summary>Reads what is held where it cannot be transferred.</summary>
    public Func<DomainName, ZoneContent?>? Reader { get; init; }

    /// <summary>Zones that are there already; null: the driver makes them.</summary>
    public Func<string>? Existing { get; init; }

    /// <summary>Types of records that the driver refuses by design.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>To be stopped and continued.</summary>
    public DnsServer? Hangs { get; init; }

    /// <summary>How long a check waits for what will never be.</summary>
    public TimeSpan Haste { get; init; } = TimeSpan.FromSeconds(30);

    public override TimeSpan Patience => Haste;

    public override IReadOnlyList<string> RecordLines =>
        [.. base.RecordLines.Where(line => !Without.Contains(line.Split(' ')[1], StringComparer.Ordinal))];

    public override bool MakesZones => Existing is null;

    public override bool GoesBack => Existing is null;

    public override bool CanHang => Hangs is not null;

    public override IZoneBackend CreateBackend() => create();

    public override Task<DomainName> TakeZoneAsync() =>
        Existing is null ? base.TakeZoneAsync() : Task.FromResult(DomainName.Parse(Existing()));

    public override async Task<ZoneContent?> ReadAsync(DomainName zone, CancellationToken cancellation)
    {
        if (Server is null) return Reader?.Invoke(zone);
        ServedZoneReader reader = new(Server, _spool.FullPath, TimeProvider.System);
        ServedZone served = await reader.ReadAsync(zone, Key, long.MaxValue, cancellation);
        return served.Zone ?? throw new IOException(served.Text);
    }

    public override Task HangAsync()
    {
        Hangs!.Process!.Signal(PosixSignalNumber.Stop);
        return Task.CompletedTask;
    }

    public override Task ResumeAsync()
    {
        Hangs!.Process!.Signal(PosixSignalNumber.Continue);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (object thing in held)
        {
            if (thing is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
            else if (thing is IDisposable disposable) disposable.Dispose();
        }

        _spool.Dispose();
    }
}
