using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Reasons;

namespace Agent.Actors.Transfers;

/// <summary>
/// What is known of the masters' addresses, as a pure table: which answered, which are dead and until when. A dead address costs
/// nobody time until its next trial, which one pass makes for all.
/// </summary>
public sealed class MasterBoard
{
    /// <summary>Failures in a row after which an address counts as dead.</summary>
    public const int FailuresUntilDead = 2;

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);

    private readonly Dictionary<IPEndPoint, Health> _health = [];

    /// <summary>Notes that an address answered (<paramref name="reason"/> null) or did not.</summary>
    public void Heard(IPEndPoint endPoint, Reason? reason, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        if (!_health.TryGetValue(endPoint, out Health? health)) _health[endPoint] = health = new Health();
        health.Reason = reason;
        health.Known = true;
        if (reason is null)
        {
            health.Failures = 0;
            health.OnTrial = false;
            return;
        }

        // Many passes ask at the same time. Those that asked before the address was found dead say nothing new, and must not make a master
        // that was away for a moment rest for as long as one that is away for an hour: only a trial lengthens the rest.
        if (IsDead(endPoint) && !health.OnTrial) return;
        health.OnTrial = false;
        health.Failures++;
        double factor = Math.Pow(2, Math.Clamp(health.Failures - FailuresUntilDead, 0, 10));
        TimeSpan rest = FirstRest * factor;
        health.RetryAt = now + (rest < LongestRest ? rest : LongestRest);
    }

    /// <summary>
    /// Puts addresses in the order in which to ask: the notifier's first, then the others as configured; the dead only when
    /// their trial is due, or when all are dead.
    /// </summary>
    public ImmutableArray<MasterAddress> Order(IReadOnlyList<MasterAddress> addresses, IPAddress? notifier, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var alive = new List<MasterAddress>(addresses.Count);
        var trials = new List<MasterAddress>();
        foreach (MasterAddress address in addresses)
        {
            if (!IsDead(address.EndPoint))
            {
                alive.Add(address);
            }
            else if (_health[address.EndPoint] is { } health && health.RetryAt <= now)
            {
                // The trial is this pass's; others leave the address alone until it has an outcome or the rest is over again.
                health.RetryAt = now + FirstRest;
                health.OnTrial = true;
                trials.Add(address);
            }
        }

        if (alive.Count == 0 && trials.Count == 0) trials.AddRange(addresses);
        IEnumerable<MasterAddress> ordered = alive.OrderBy(a => notifier is not null && a.EndPoint.Address.Equals(notifier) ? 0 : 1);
        return [.. ordered, .. trials];
    }

    /// <summary>True while the address counts as dead.</summary>
    public bool IsDead(IPEndPoint endPoint) => _health.TryGetValue(endPoint, out Health? health) && health.Failures >= FailuresUntilDead;

    /// <summary>Says how an address stands.</summary>
    public MasterState State(MasterAddress address, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(address);
        Health? health = _health.GetValueOrDefault(address.EndPoint);
        bool dead = IsDead(address.EndPoint);
        return new MasterState(
            address.Master.Name,
            address.EndPoint.ToString(),
            health is not { Known: true } ? "unknown" : dead ? "down" : "up",
            health?.Failures ?? 0,
            health?.Reason,
            dead ? health!.RetryAt - now : null);
    }

    /// <summary>Forgets addresses that no master has any more.</summary>
    public void Keep(IReadOnlySet<IPEndPoint> endPoints)
    {
        foreach (IPEndPoint gone in _health.Keys.Where(known => !endPoints.Contains(known)).ToArray()) _health.Remove(gone);
    }

    private sealed class Health
    {
        public bool Known { get; set; }

        public int Failures { get; set; }

        public Reason? Reason { get; set; }

        public TimeSpan RetryAt { get; set; }

        public bool OnTrial { get; set; }
    }
}
