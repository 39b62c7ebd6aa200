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
/// checks only. Only questions move the circuit: a transfer that finds no connection, or one that is closed at once, counts for the rest
/// alone. Did it open the circuit, the next answer would close it, and as a return of the master bring all failed zones again.
/// Where several masters have the same to give, one from which transfers failed lately is the last to be asked by any pass.
/// <para>Health is that of an address under one TLS profile: a wrong pin of some zones' masters says nothing of the others.</para>
/// </remarks>
public sealed class MasterBoard
{
    /// <summary>Failures in a row after which an address counts as dead.</summary>
    public const int FailuresUntilDead = 2;

    /// <summary>Different zones in a row that must fail alike before an address is left in peace.</summary>
    public const int ZonesUntilRest = 3;

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);

    /// <summary>So long after its last failure a master comes behind others with the same; then it may show how it is.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(10);

    private readonly Dictionary<MasterRoute, Health> _health = [];

    /// <summary>Grows whenever an address gets another state, or its circuit does.</summary>
    public int Version { get; private set; }

    /// <summary>Notes what an address did. True when it counted as dead and answers again.</summary>
    public bool Heard(MasterHeard heard, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(heard);
        Health health = At(heard.Route);
        health.Zone = heard.Zone ?? health.Zone;
        health.Reason = heard.Reason ?? heard.FaultReason;
        if (heard.Brought) health.Rests.Clear();
        else if (heard is { Fault: not MasterFault.None, FaultReason: { } why, Zone: { } zone }) health.Failed(heard.Fault, why, zone, now);

        if (heard is { Reason: not null, Fault: not MasterFault.None }) return false;

        // Many passes ask at the same time. Those that asked before the address was found dead say nothing new, and must not make a master
        // that was away for a moment rest for as long as one that is away for an hour: only a trial lengthens the rest.
        if (heard.Reason is not null && health.IsDead && !health.OnTrial) return false;
        (string State, MasterCircuit Circuit) before = (health.State, health.Circuit);
        bool returned = heard.Reason is null && health.IsDead;
        health.OnTrial = false;
        if (heard.Reason is null)
        {
            health.HasAnswered = true;
            health.Failures = 0;
            // It was away for all zones alike, and is back for all of them.
            if (returned) health.Rests.Remove(MasterFault.Unreachable);
        }
        else
        {
            health.Failures++;
            health.RetryAt = now + Doubled(health.Failures - FailuresUntilDead);
        }

        if (before != (health.State, health.Circuit)) Version++;
        return returned;
    }

    /// <summary>A question about the zone goes to an address.</summary>
    public void Asked(MasterRoute route, DomainName zone) => At(route).Zone = zone;

    /// <summary>
    /// The addresses to ask: those not dead, the notifier's first and even when it counts as dead; all when every one is dead.
    /// </summary>
    public ImmutableArray<MasterAddress> Order(IReadOnlyList<MasterAddress> addresses, IPAddress? notifier)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        MasterAddress[] alive = [.. addresses.Where(a => !IsDead(a.Route) || a.EndPoint.Address.Equals(notifier))];
        return [.. (alive.Length > 0 ? alive : addresses).OrderBy(a => a.EndPoint.Address.Equals(notifier) ? 0 : 1)];
    }

    /// <summary>True while the address counts as dead.</summary>
    public bool IsDead(MasterRoute route) => _health.TryGetValue(route, out Health? health) && health.IsDead;

    /// <summary>Why the address is left in peace by regular checks; null when it is not.</summary>
    public Reason? RestOf(MasterRoute route, TimeSpan now) =>
        _health.GetValueOrDefault(route)?.Rests.Values.FirstOrDefault(r => r.Until > now)?.Reason;

    /// <summary>Whether the address is the last to be asked for the zone of those with the same serial: transfers of the zone, or of zone
    /// after zone, failed there lately and none has succeeded since.</summary>
    public bool ComesLast(MasterRoute route, DomainName zone, TimeSpan now) =>
        _health.GetValueOrDefault(route)?.Rests.Values.Any(r => r.At + Lately > now && (r.IsOfMany || r.Zones.Contains(zone))) == true;

    /// <summary>
    /// A zone to ask a dead address about, when its trial is due; null when it is not. The trial is the caller's until its outcome is
    /// noted or the longest time for it is over.
    /// </summary>
    public DomainName? BeginTrial(MasterRoute route, TimeSpan now, TimeSpan atMost)
    {
        if (!IsDead(route) || _health[route] is not { Zone: { } zone } health || health.RetryAt > now) return null;
        Version++;
        health.OnTrial = true;
        health.RetryAt = now + atMost;
        return zone;
    }

    /// <summary>When the next trial of a dead address is due; null when there is none to make.</summary>
    public TimeSpan? NextTrialAt =>
        _health.Values.Where(h => h is { IsDead: true, Zone: not null }).Select(h => (TimeSpan?)h.RetryAt).Min();

    /// <summary>Why an address counts as dead.</summary>
    public Reason? WhyDead(MasterRoute route) => IsDead(route) ? _health[route].Reason : null;

    /// <summary>Says how an address stands.</summary>
    public MasterState State(MasterAddress address, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(address);
        Health health = _health.GetValueOrDefault(address.Route) ?? new Health();
        return new MasterState(
            address.Master.Name,
            address.EndPoint.ToString(),
            health.State,
            health.Failures,
            health.Reason,
            health.IsDead ? health.RetryAt - now : null)
        {
            Tls = address.Master.Tls,
            Circuit = health.Circuit,
            Rests = [.. health.Rests.Where(r => r.Value.IsOfMany && r.Value.At + Lately > now)
                .Select(r => new MasterRest(r.Key, r.Value.Reason, r.Value.Until > now ? r.Value.Until - now : TimeSpan.Zero))],
        };
    }

    /// <summary>Forgets addresses that no master has any more.</summary>
    public void Keep(HashSet<MasterRoute> routes)
    {
        foreach (MasterRoute gone in _health.Keys.Where(known => !routes.Contains(known)).ToArray()) _health.Remove(gone);
    }

    private Health At(MasterRoute route)
    {
        if (!_health.TryGetValue(route, out Health? health)) _health[route] = health = new Health();
        return health;
    }

    private static TimeSpan Doubled(int times)
    {
        TimeSpan rest = FirstRest * Math.Pow(2, Math.Clamp(times, 0, 10));
        return rest < LongestRest ? rest : LongestRest;
    }

    private sealed class Health
    {
        public bool HasAnswered { get; set; }

        public int Failures { get; set; }

        public bool IsDead => Failures >= FailuresUntilDead;

        /// <summary>Nobody is called up who has never answered.</summary>
        public string State => IsDead || (Failures > 0 && !HasAnswered) ? "down" : HasAnswered ? "up" : "unknown";

        public MasterCircuit Circuit => !IsDead ? MasterCircuit.Closed : OnTrial ? MasterCircuit.HalfOpen : MasterCircuit.Open;

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
            rest.At = now;
            if (rest.Zones.Count < ZonesUntilRest) rest.Zones.Add(zone);
            if (rest.IsOfMany && rest.Until <= now) rest.Until = now + Doubled(rest.Times++);
        }
    }

    private sealed class Rest
    {
        public HashSet<DomainName> Zones { get; } = [];

        /// <summary>The last failure.</summary>
        public TimeSpan At { get; set; }

        /// <summary>It is not the zones that are to blame.</summary>
        public bool IsOfMany => Zones.Count >= ZonesUntilRest;

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

    /// <summary>The stream broke a rule, was cut, perhaps before its first record, or stood still.</summary>
    Broken = 2,

    /// <summary>It answered SERVFAIL, again and again.</summary>
    Busy = 3,

    /// <summary>It answers questions, and takes no connection for a transfer.</summary>
    Unreachable = 4,
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
