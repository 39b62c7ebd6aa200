using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>
/// Two masters, each with half of the zones: a Knot with zone files, and one of our own. Each can go away and come back with what it
/// had. A zone is never taken from its master, so that one which is served after its deletion can be seen.
/// </summary>
internal sealed class ChaosMasters : IAsyncDisposable
{
    private const int FirstSerial = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly IPEndPoint _fastPlace;
    private readonly string[] _fastZones;
    private readonly Dictionary<string, SemaphoreSlim> _knotZones;
    private readonly ConcurrentDictionary<string, uint> _serials = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private FastMaster? _fast;

    private ChaosMasters(Placement knotPlace, IPEndPoint fastPlace, IReadOnlyList<string> zones)
    {
        Knot = new KnotServer { Place = knotPlace };
        _fastPlace = fastPlace;
        _fastZones = [.. zones.Where((_, i) => i % 2 == 0)];
        _knotZones = zones.Except(_fastZones).ToDictionary(zone => zone, _ => new SemaphoreSlim(1), StringComparer.Ordinal);
        foreach (string zone in zones) _serials[zone] = FirstSerial;
    }

    public KnotServer Knot { get; }

    public IReadOnlyList<IPEndPoint> EndPoints => [_fastPlace, Knot.EndPoint];

    public static async Task<ChaosMasters> StartedAsync(Placement knotPlace, IPEndPoint fastPlace, IReadOnlyList<string> zones)
    {
        ChaosMasters masters = new(knotPlace, fastPlace, zones);
        try
        {
            foreach (string zone in masters._knotZones.Keys) await masters.Knot.SetZoneAsync(MasterZone.WithHosts(zone, FirstSerial, 5));
            await masters.Knot.StartAsync();
            masters.FastReturns();
            return masters;
        }
        catch
        {
            await masters.DisposeAsync();
            throw;
        }
    }

    /// <summary>The serial that the zone's master has, or will have when it is back.</summary>
    public uint SerialOf(string zone) => _serials[zone];

    /// <summary>The next serial, and whether its master was seen with it; null when that master is away and has got none.</summary>
    public async Task<(uint Serial, bool IsServed)?> BumpAsync(string zone)
    {
        if (!_knotZones.TryGetValue(zone, out SemaphoreSlim? turn))
        {
            lock (_gate)
            {
                if (_fast is null) return null;
                uint next = ++_serials[zone];
                _fast.SetSerial(zone, next);
                return (next, true);
            }
        }

        await turn.WaitAsync();
        try
        {
            uint next = ++_serials[zone];
            return (next, await Knot.TryBumpAsync(zone, Patience) && await ServesAsync(zone));
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task FastLeavesAsync()
    {
        FastMaster? leaving;
        lock (_gate) (leaving, _fast) = (_fast, null);
        if (leaving is not null) await leaving.DisposeAsync();
    }

    public void FastReturns()
    {
        lock (_gate)
        {
            _fast = new FastMaster(_fastZones, FirstSerial, at: _fastPlace);
            foreach (string zone in _fastZones) _fast.SetSerial(zone, _serials[zone]);
        }
    }

    /// <summary>Waits until each master serves what it is to serve; Knot may have died between a file and its reload.</summary>
    public async Task SettledAsync()
    {
        foreach (string zone in _knotZones.Keys)
        {
            await Eventually.HoldsAsync(
                async () => await ServesAsync(zone) || (await Knot.TryReloadAsync(zone, Patience) && await ServesAsync(zone)),
                () => $"{zone} with serial {SerialOf(zone).ToString(CultureInfo.InvariantCulture)} at Knot\n{Knot.Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await FastLeavesAsync();
        await Knot.DisposeAsync();
        foreach (SemaphoreSlim turn in _knotZones.Values) turn.Dispose();
    }

    private async Task<bool> ServesAsync(string zone) =>
        await SerialProbe.AskAsync(Knot.EndPoint, zone, Patience) == SerialOf(zone);
}
