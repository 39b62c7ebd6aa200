using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The serial of a zone at a server only moves forward (RFC 1982), unless the zone was taken away or the server lost
/// everything.</summary>
/// <param name="isExcused">Effects that nobody can prevent, such as an order that left its node before somebody else took over and
/// arrived after. What follows one must mend it in the end.</param>
internal sealed class SerialChecker(string name, SimServer server, Predicate<ServerEffect>? isExcused = null) : IClusterChecker
{
    private readonly SortedDictionary<DomainName, uint> _last = [];
    private int _seen;

    public string Name => $"serials at {name} move forward";

    /// <summary>Steps back that were excused.</summary>
    public int Excused { get; private set; }

    public void AfterStep()
    {
        while (_seen < server.Effects.Count) Look(server.Effects[_seen++]);
    }

    public void AtEnd() => AfterStep();

    private void Look(ServerEffect effect)
    {
        if (effect.Zone is null)
        {
            _last.Clear();
        }
        else if (effect.Serial is not { } serial)
        {
            _last.Remove(effect.Zone);
        }
        else
        {
            bool isForward = !_last.TryGetValue(effect.Zone, out uint last) || SerialNumber.IsSameOrNewer(serial, last);
            if (!isForward && isExcused?.Invoke(effect) == true) Excused++;
            else if (!isForward) Assert.Fail($"{effect.Zone} went back from {last} to {serial}: {effect}");
            _last[effect.Zone] = serial;
        }
    }
}

/// <summary>A buffer never holds more than it may.</summary>
/// <param name="what">Which one.</param>
/// <param name="size">How much it holds; null while it is not there.</param>
/// <param name="most">Its bound.</param>
internal sealed class BoundChecker(string what, Func<long?> size, long most) : IClusterChecker
{
    public string Name => $"{what} stays within {most}";

    /// <summary>The most that was seen.</summary>
    public long Highest { get; private set; }

    public void AfterStep()
    {
        if (size() is not { } present) return;
        Highest = Math.Max(Highest, present);
        if (present > most) Assert.Fail($"it holds {present}");
    }

    public void AtEnd() => AfterStep();
}
