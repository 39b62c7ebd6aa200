using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>
/// The zones that the agent answers for itself, by name. Each value is an immutable image, so that a reader works on one version of
/// a zone to the end of its answer whatever is put meanwhile. Readers take no lock and allocate nothing.
/// </summary>
public sealed class EmbeddedZoneTable
{
    private readonly ConcurrentDictionary<DomainName, ZoneImage> _zones;
    private readonly ConcurrentDictionary<DomainName, ZoneImage>.AlternateLookup<ReadOnlySpan<byte>> _byWire;
    private readonly ConcurrentDictionary<DomainName, bool> _awaited;
    private readonly ConcurrentDictionary<DomainName, bool>.AlternateLookup<ReadOnlySpan<byte>> _awaitedByWire;
    private int _awaitedCount;

    /// <summary>Starts empty.</summary>
    public EmbeddedZoneTable()
    {
        _zones = new ConcurrentDictionary<DomainName, ZoneImage>(WireComparer.Instance);
        _byWire = _zones.GetAlternateLookup<ReadOnlySpan<byte>>();
        _awaited = new ConcurrentDictionary<DomainName, bool>(WireComparer.Instance);
        _awaitedByWire = _awaited.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The number of zones.</summary>
    public int Count => _zones.Count;

    /// <summary>Zones that were served before a restart and are not here again.</summary>
    public int AwaitedCount => Volatile.Read(ref _awaitedCount);

    /// <summary>The names of the zones; one more than the maximum when there are more.</summary>
    public DomainName[] Names(int maximum) => [.. _zones.Select(z => z.Key).Take(maximum + 1)];

    /// <summary>Serves this version from now on.</summary>
    public void Put(ZoneImage image)
    {
        _zones[image.Apex] = image;
        Arrived(image.Apex);
    }

    /// <summary>Serves the zone no longer; false when it was not there.</summary>
    public bool Remove(DomainName apex)
    {
        Arrived(apex);
        return _zones.TryRemove(apex, out _);
    }

    /// <summary>
    /// The zone was served before a restart and will be again soon; until it is put or removed, nobody is told that it is not here.
    /// </summary>
    public void Await(DomainName apex)
    {
        if (_awaited.TryAdd(apex, true)) Interlocked.Increment(ref _awaitedCount);
    }

    /// <summary>Whether an awaited zone lies nearer above the name than the zone that was found for it.</summary>
    public bool IsAwaited(ReadOnlySpan<byte> name, ZoneImage? found)
    {
        if (Volatile.Read(ref _awaitedCount) == 0)
            return false;
        int nearest = found?.Apex.Wire.Length ?? 0;
        while (name.Length > nearest)
        {
            if (_awaitedByWire.ContainsKey(name))
                return true;
            if (name[0] == 0)
                return false;
            name = name[(name[0] + 1)..];
        }
        return false;
    }

    /// <summary>The zone with exactly this name.</summary>
    public bool TryGet(DomainName apex, [NotNullWhen(true)] out ZoneImage? image) => _zones.TryGetValue(apex, out image);

    /// <summary>The zone with the longest name that is the given name or above it.</summary>
    /// <param name="name">An uncompressed name, any case.</param>
    /// <param name="image">The zone.</param>
    public bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out ZoneImage? image)
    {
        while (!_byWire.TryGetValue(name, out image))
        {
            if (name[0] == 0)
                return false;
            name = name[(name[0] + 1)..];
        }
        return true;
    }

    /// <summary>As <see cref="TryFind"/>, for a type that lives at the parent's side of a cut (RFC 4035 section 3.1.4.1).</summary>
    public bool TryFindParent(ReadOnlySpan<byte> name, [NotNullWhen(true)] out ZoneImage? image)
    {
        image = null;
        return name[0] != 0 && TryFind(name[(name[0] + 1)..], out image);
    }

    private void Arrived(DomainName apex)
    {
        if (_awaited.TryRemove(apex, out _)) Interlocked.Decrement(ref _awaitedCount);
    }

    private sealed class WireComparer : IEqualityComparer<DomainName>, IAlternateEqualityComparer<ReadOnlySpan<byte>, DomainName>
    {
        public static readonly WireComparer Instance = new();

        public bool Equals(DomainName? x, DomainName? y) => x == y;

        public int GetHashCode(DomainName obj) => obj.StableHash.GetHashCode();

        public bool Equals(ReadOnlySpan<byte> alternate, DomainName other) => NameBytes.Equal(alternate, other.Wire);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => NameBytes.StableHash(alternate).GetHashCode();

        public DomainName Create(ReadOnlySpan<byte> alternate) =>
            DomainName.TryFromWire(alternate, out DomainName? name) ? name : throw new FormatException("not a name");
    }
}
