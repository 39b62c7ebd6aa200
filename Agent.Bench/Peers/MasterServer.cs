using System.Net;

namespace Agent.Bench.Peers;

/// <summary>How a secondary asks its master for a zone that it has.</summary>
public enum SecondaryWay
{
    /// <summary>By AXFR, where the server can be told so.</summary>
    Whole,

    /// <summary>By IXFR over TCP.</summary>
    Differences,

    /// <summary>By IXFR, first over UDP, where the server does that.</summary>
    DifferencesByUdp,
}

/// <summary>A real DNS server whose zones the tests set and change, and which may send NOTIFY.</summary>
public abstract class MasterServer(string purpose) : DnsServer(purpose)
{
    private readonly SortedDictionary<string, (MasterZone Zone, string File)> _zones = new(StringComparer.Ordinal);
    private int _files;

    /// <summary>Who is told by <see cref="NotifyAsync"/>. Set before the start.</summary>
    public IReadOnlyList<IPEndPoint> NotifyTargets { get; set; } = [];

    /// <summary>The zones as they are to be served, with the files that hold them.</summary>
    protected IReadOnlyList<(MasterZone Zone, string File)> Zones
    {
        get
        {
            lock (_zones) return [.. _zones.Values];
        }
    }

    public MasterZone Zone(string name)
    {
        lock (_zones) return _zones[new MasterZone(name, 0, []).Key].Zone;
    }

    /// <summary>Serves this zone from now on; returns when the server answers with its serial.</summary>
    public async Task SetZoneAsync(MasterZone zone)
    {
        bool isNew = WriteZone(zone);
        if (Process is null)
        {
            return;
        }

        await (isNew ? ReconfigureAsync() : ReloadZoneAsync(zone));
        await WorkerClient.ServedAsync(EndPoint, zone.Key, zone.Serial, () => Output);
    }

    /// <summary>The same zone with the next serial and these lines more.</summary>
    public async Task<MasterZone> BumpAsync(string name, params string[] lines)
    {
        MasterZone next = Zone(name).Bump(lines);
        await SetZoneAsync(next);
        return next;
    }

    public async Task DeleteZoneAsync(string name)
    {
        string key = new MasterZone(name, 0, []).Key;
        lock (_zones) _zones.Remove(key);
        await ReconfigureAsync();
        await WorkerClient.GoneAsync(EndPoint, key, () => Output);
    }

    /// <summary>Makes the server send a NOTIFY to all <see cref="NotifyTargets"/>.</summary>
    public abstract Task NotifyAsync(string name);

    /// <summary>A key that the server knows, and uses as a secondary of zones without one of their own. Set before the start.</summary>
    public TransferKey? Key { get; init; }

    /// <summary>
    /// Keys of zones: only who has its key gets such a zone or may announce it, and the server itself asks for it and announces it under
    /// it. Set before the start.
    /// </summary>
    public IReadOnlyDictionary<string, TransferKey> ZoneKeys { get; init; } = new Dictionary<string, TransferKey>();

    /// <summary>Every key that the server knows, each once.</summary>
    protected IReadOnlyList<TransferKey> Keys => [.. ZoneKeys.Values.Concat(Key is null ? [] : [Key]).Distinct()];

    /// <summary>Whether <see cref="Key"/> may change the zones by dynamic updates. Set before the start.</summary>
    public bool TakesUpdates { get; init; }

    /// <summary>Makes the running server a secondary of a zone, which it fetches from that master at once.</summary>
    /// <param name="name">The zone.</param>
    /// <param name="master">Where from; it is also who may send NOTIFY.</param>
    /// <param name="way">How it asks.</param>
    public abstract Task AddSecondaryAsync(string name, IPEndPoint master, SecondaryWay way = SecondaryWay.Whole);

    /// <summary>Zones that it is a secondary of by its configuration.</summary>
    protected List<(string Zone, IPEndPoint Master, SecondaryWay Way)> SecondaryZones { get; } = [];

    /// <summary>Makes the server, which does not run yet, a secondary of many zones, which it fetches whole when it starts.</summary>
    public void FollowFromStart(IEnumerable<string> zones, IPEndPoint master) =>
        SecondaryZones.AddRange(zones.Select(zone => (zone, master, SecondaryWay.Whole)));

    /// <summary>Writes the zone's file, in one step for whoever reads it; returns whether the zone is new.</summary>
    protected bool WriteZone(MasterZone zone)
    {
        lock (_zones)
        {
            bool isNew = !_zones.TryGetValue(zone.Key, out (MasterZone Zone, string File) known);
            string file = isNew ? Folder.Combine($"zone{++_files}.zone") : known.File;
            string fresh = Folder.Write($"{Path.GetFileName(file)}.new", zone.ToFileText());
            // Servers compare modification times in whole seconds, so two changes within one second need different ones.
            File.SetLastWriteTimeUtc(fresh, DateTime.UnixEpoch.AddDays(20000).AddSeconds(++_files));
            File.Move(fresh, file, overwrite: true);
            _zones[zone.Key] = (zone, file);
            return isNew;
        }
    }

    /// <summary>Takes over an added or removed zone.</summary>
    protected abstract Task ReconfigureAsync();

    /// <summary>Takes over the changed file of a zone.</summary>
    protected abstract Task ReloadZoneAsync(MasterZone zone);
}
