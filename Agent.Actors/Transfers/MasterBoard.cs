using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <summary>
/// What is known of the masters' addresses, as a pure table. Two things keep the agent away from an address:
/// its circuit, which opens when it does not answer and closes with its next answer; and a rest, when it answers but zone after zone ends
/// in the same class of failure (it refuses everything, it breaks every stream).
/// </summary>
/// <remarks>
/// An open circuit concerns all zones, and costs none of them time: the trial that may close it is made beside the passes. A rest needs
/// several zones in a row and ends with the first success, so that one zone that is refused costs the others nothing; it holds up regular
/// checks only.
/// </remarks>
public sealed class MasterBoard
{
    /// <summary>Failures in a row after which an address counts as dead.</summary>
    public const int FailuresUntilDead = 2;

    /// <summary>Different zones in a row that must fail alike before an address is left in peace.</summary>
    public const int ZonesUntilRest = 3;

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);

    private readonly Dictionary<IPEndPoint, Health> _health = [];

    /// <summary>Grows whenever an address gets another circuit state, or is heard of for the first time.</summary>
    public int Version { get; private set; }

    /// <summary>Notes what an address did. True when it counted as dead and answers again.</summary>
    public bool Heard(MasterHeard heard, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(heard);
        Health health = At(heard.EndPoint);
        health.Zone = heard.Zone ?? health.Zone;
        health.Reason = heard.Reason ?? heard.FaultReason;

        // Many passes ask at the same time. Those that asked before the address was found dead say nothing new, and must not make a master
        // that was away for a moment rest for as long as one that is away for an hour: only a trial lengthens the rest.
        if (heard.Reason is not null && IsDead(heard.EndPoint) && !health.OnTrial) return false;
        if (!health.Known || health.OnTrial) Version++;
        health.Known = true;
        health.OnTrial = false;
        if (heard.Reason is not null)
        {
            if (++health.Failures == FailuresUntilDead) Version++;
            health.RetryAt = now + Doubled(health.Failures - FailuresUntilDead);
            return false;
        }

        bool returned = health.Failures >= FailuresUntilDead;
        if (returned) Version++;
        health.Failures = 0;
        if (heard.Brought) health.Rests.Clear();
        else if (heard is { Fault: not MasterFault.None, FaultReason: { } why, Zone: { } zone }) health.Failed(heard.Fault, why, zone, now);
        return returned;
    }

    /// <summary>
    /// The addresses to ask: those not dead, the notifier's first and even when it counts as dead; all when every one is dead.
    /// </summary>
    public ImmutableArray<MasterAddress> Order(IReadOnlyList<MasterAddress> addresses, IPAddress? notifier)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        MasterAddress[] alive = [.. addresses.Where(a => !IsDead(a.EndPoint) || a.EndPoint.Address.Equals(notifier))];
        return [.. (alive.Length > 0 ? alive : addresses).OrderBy(a => a.EndPoint.Address.Equals(notifier) ? 0 : 1)];
    }

    /// <summary>True while the address counts as dead.</summary>
    public bool IsDead(IPEndPoint endPoint) => _health.TryGetValue(endPoint, out Health? health) && health.Failures >= FailuresUntilDead;

    /// <summary>Why the address is left in peace by regular checks; null when it is not.</summary>
    public Reason? RestOf(IPEndPoint endPoint, TimeSpan now) =>
        _health.GetValueOrDefault(endPoint)?.Rests.Values.FirstOrDefault(r => r.Until > now)?.Reason;

    /// <summary>
    /// A zone to ask a dead address about, when its trial is due; null when it is not. The trial is the caller's until its outcome is
    /// noted or the longest time for it is over.
    /// </summary>
    public DomainName? BeginTrial(IPEndPoint endPoint, TimeSpan now, TimeSpan atMost)
    {
        if (!IsDead(endPoint) || _health[endPoint] is not { Zone: { } zone } health || health.RetryAt > now) return null;
        Version++;
        health.OnTrial = true;
        health.RetryAt = now + atMost;
        return zone;
    }

    /// <summary>When the next trial of a dead address is due; null when there is none to make.</summary>
    public TimeSpan? NextTrialAt =>
        _health.Values.Where(h => h is { Failures: >= FailuresUntilDead, Zone: not null }).Select(h => (TimeSpan?)h.RetryAt).Min();

    /// <summary>Why an address counts as dead.</summary>
    public Reason? WhyDead(IPEndPoint endPoint) => IsDead(endPoint) ? _health[endPoint].Reason : null;

    /// <summary>Says how an address stands.</summary>
    public MasterState State(MasterAddress address, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(address);
        Health? health = _health.GetValueOrDefault(address.EndPoint);
        bool dead = IsDead(address.EndPoint);
        string state = health is not { Known: true } ? "unknown" : dead ? "down" : "up";
        MasterCircuit circuit = !dead ? MasterCircuit.Closed : health!.OnTrial ? MasterCircuit.HalfOpen : MasterCircuit.Open;
        return new MasterState(
            address.Master.Name,
            address.EndPoint.ToString(),
            state,
            health?.Failures ?? 0,
            health?.Reason,
            dead ? health!.RetryAt - now : null)
        {
            Circuit = circuit,
            Rests = [.. (health?.Rests ?? []).Where(r => r.Value.Until > now)
                .Select(r => new MasterRest(r.Key, r.Value.Reason, r.Value.Until - now))],
        };
    }

    /// <summary>Forgets addresses that no master has any more.</summary>
    public void Keep(IReadOnlySet<IPEndPoint> endPoints)
    {
        foreach (IPEndPoint gone in _health.Keys.Where(known => !endPoints.Contains(known)).ToArray()) _health.Remove(gone);
    }

    private Health At(IPEndPoint endPoint)
    {
        if (!_health.TryGetValue(endPoint, out Health? health)) _health[endPoint] = health = new Health();
        return health;
    }

    private static TimeSpan Doubled(int times)
    {
        TimeSpan rest = FirstRest * Math.Pow(2, Math.Clamp(times, 0, 10));
        return rest < LongestRest ? rest : LongestRest;
    }

    private sealed class Health
    {
        public bool Known { get; set; }

        public int Failures { get; set; }

        public Reason? Reason { get; set; }

        public TimeSpan RetryAt { get; set; }

        public bool OnTrial { get; set; }

        /// <summary>A zone that it was asked about, for the next trial.</summary>
        public DomainName? Zone { get; set; }

        public Dictionary<MasterFault, Rest> Rests { get; } = [];

        public void Failed(MasterFault fault, Reason why, DomainName zone, TimeSpan now)
        {
            if (!Rests.TryGetValue(fault, out Rest? rest)) Rests[fault] = rest = new Rest { Reason = why };
            rest.Reason = why;
            if (rest.Zones.Count < ZonesUntilRest) rest.Zones.Add(zone);
            if (rest.Zones.Count >= ZonesUntilRest && rest.Until <= now) rest.Until = now + Doubled(rest.Times++);
        }
    }

    private sealed class Rest
    {
        public HashSet<DomainName> Zones { get; } = [];

        public int Times { get; set; }

        public TimeSpan Until { get; set; }

        public required Reason Reason { get; set; }
    }
}

/// <summary>Classes of failures of a master that answers.</summary>
public enum MasterFault
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>It said no with a response code.</summary>
    Refused = 1,

    /// <summary>The stream broke a rule, was cut, or stood still.</summary>
    Broken = 2,

    /// <summary>It answered SERVFAIL, again and again.</summary>
    Busy = 3,
}

/// <summary>State of the breaker between the agent and one address.</summary>
public enum MasterCircuit
{
    /// <summary>It is asked.</summary>
    Closed = 0,

    /// <summary>It did not answer; one question is under way that may close the circuit.</summary>
    HalfOpen = 1,

    /// <summary>It did not answer and is left alone.</summary>
    Open = 2,
}
