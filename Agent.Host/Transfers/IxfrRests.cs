using Agent.Actors.Transfers;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// Remembers for a while which masters could not give differences, so that the next changes come whole at once instead of after another
/// failure. A master that does not know IXFR at all rests for all zones, one that got a zone wrong for that zone.
/// </summary>
internal sealed class IxfrRests(TimeSpan rest, TimeProvider clock)
{
    private const int KnownMaximum = 65_536;

    private readonly Lock _gate = new();
    private readonly Dictionary<(MasterRoute Master, DomainName? Zone), long> _until = [];

    /// <summary>Whether differences may be asked for.</summary>
    public bool MayAsk(MasterRoute master, DomainName zone)
    {
        lock (_gate)
            return _until.Count == 0 || !(Rests((master, null)) || Rests((master, zone.Fold())));
    }

    /// <summary>Notes a failure.</summary>
    /// <param name="zone">The zone that it was about; null for all.</param>
    public void Note(MasterRoute master, DomainName? zone)
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            if (_until.Count >= KnownMaximum)
                Forget(now);
            _until[(master, zone?.Fold())] = now + (long)(rest.TotalSeconds * clock.TimestampFrequency);
        }
    }

    private bool Rests((MasterRoute, DomainName?) key) => _until.TryGetValue(key, out long until) && clock.GetTimestamp() < until;

    /// <summary>What is over goes; when nothing is, all goes: the worst that follows is one more question.</summary>
    private void Forget(long now)
    {
        foreach (var key in _until.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToArray())
            _until.Remove(key);
        if (_until.Count >= KnownMaximum)
            _until.Clear();
    }
}
