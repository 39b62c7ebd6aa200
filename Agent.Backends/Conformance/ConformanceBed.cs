using System.Globalization;
using Agent.Actors.Backends;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Conformance;

/// <summary>What the checks need of whoever tries a driver. Its server is there for this alone: zones are made and taken away.</summary>
public abstract class ConformanceBed
{
    private int _taken;

    /// <summary>The zones of the checks are below this name.</summary>
    public virtual DomainName Domain { get; } = DomainName.Parse("conformance.example.");

    /// <summary>The driver makes zones and takes them away; else they are on its server already (<see cref="TakeZoneAsync"/>).</summary>
    public virtual bool MakesZones => true;

    /// <summary>It takes a content whose serial is before the one that is served; else it refuses that.</summary>
    public virtual bool GoesBack => true;

    /// <summary>Records that it must bring over: owner relative to the zone, type and data, as in a master file.</summary>
    public virtual IReadOnlyList<string> RecordLines => ConformanceRecords.OfEveryType;

    /// <summary>The server can be hung (<see cref="HangAsync"/>).</summary>
    public virtual bool CanHang => false;

    /// <summary>By when a server serves what it took.</summary>
    public virtual TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>A driver for the server that knows nothing of what others did there.</summary>
    public abstract IZoneBackend CreateBackend();

    /// <summary>A zone that no check has used: one that the server does not have, unless the driver makes none.</summary>
    public virtual Task<DomainName> TakeZoneAsync() => Task.FromResult(DomainName.Parse(
        string.Create(CultureInfo.InvariantCulture, $"z{Interlocked.Increment(ref _taken)}.{Domain}")));

    /// <summary>What the server holds of a zone that it serves, by another way than the driver (a transfer); null: that cannot be
    /// had.</summary>
    /// <exception cref="IOException">It cannot be had at this moment: it is tried again.</exception>
    public virtual Task<ZoneContent?> ReadAsync(DomainName zone, CancellationToken cancellation) => Task.FromResult<ZoneContent?>(null);

    /// <summary>Makes the server answer nobody, without ending it.</summary>
    public virtual Task HangAsync() => Task.CompletedTask;

    /// <summary>Makes it answer again.</summary>
    public virtual Task ResumeAsync() => Task.CompletedTask;
}
