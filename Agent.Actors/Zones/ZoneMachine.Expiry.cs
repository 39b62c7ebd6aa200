using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>
/// How long content counts without a word of a master (RFC 1035, RFC 7314). Expiry takes nothing out of the wanted state: the content stays
/// in the journal, the masters are asked on, and each target does with it what it is set to do.
/// </content>
/// <remarks>
/// The time stands in the journal, so it goes on while no agent runs. A zone whose time is over is asked about once more before it expires:
/// nobody may have asked in time because the agent was down. A zone without masters never expires.
/// </remarks>
public sealed partial class ZoneMachine
{
    private bool _wantExpiry;
    private bool _wantRevival;

    /// <summary>How long the masters say that the content which was brought may be served; null when they did not say.</summary>
    private TimeSpan? _newExpire;

    private bool IsExpired => _row is { IsExpired: true };

    /// <summary>When the content expires; null when nothing can.</summary>
    public static DateTimeOffset? ExpiresAt(ZoneRow row, ZonePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(policy);
        if (row is not { Wish: ZoneWish.Present, Content: { } content }) return null;
        return (row.RefreshedAt ?? row.ChangedAt) + (row.Lifetime ?? policy.LifetimeOf(content.Soa));
    }

    private bool IsOverdue => _row is not null && ExpiresAt(_row, _policy) <= _now;

    /// <summary>The time that content has from now on when a master has just confirmed it.</summary>
    private TimeSpan Granted(ZoneContent content, TimeSpan? expire)
    {
        TimeSpan own = _policy.LifetimeOf(content.Soa);
        return expire < own ? expire.Value : own;
    }

    /// <summary>A master bounds how long the content may be served, and says so with its serial: it is worth asking for that.</summary>
    private bool IsLifeOfMaster => _row is { Content: { } content, Lifetime: { } life } && life < _policy.LifetimeOf(content.Soa);

    /// <summary>A master still has what is held. Its own bound may lengthen the time that is left, and never shortens it.</summary>
    private void RenewLife(TimeSpan? expire)
    {
        if (_row is not { Content: { } content }) return;
        TimeSpan granted = Granted(content, expire);
        TimeSpan left = expire is null || ExpiresAt(_row, _policy) is not { } at ? TimeSpan.Zero : at - _now;
        _row = _row with { RefreshedAt = _now, Lifetime = left > granted ? left : granted };
    }

    /// <summary>Nobody confirms the content any more. What is written orders the targets' wishes before and after.</summary>
    private void ExpireWhenOverdue(PassFailed failed)
    {
        if (_phase == ZonePhase.Present && !IsExpired && !failed.HasNoMasters && IsOverdue) _wantExpiry = true;
    }

    private void WriteExpiry()
    {
        _wantExpiry = false;
        DateTimeOffset? since = _row!.RefreshedAt;
        var reason = new Reason(
            ReasonCode.Expired, $"no master has confirmed the content since {since:yyyy-MM-dd HH:mm:ss}; at last: {_row.Reason?.Text}");
        AddEvent("expired", reason.Text, _row.Content!.Serial);
        Write(WritePurpose.Standing, NextRow(ZoneWish.Present, _row.Content) with { Reason = reason, ReasonSince = _now });
    }

    private void WriteRevival()
    {
        _wantRevival = false;
        Reason? stopped = (_newCandidate ?? _row!.Candidate)?.Reason;
        string why = stopped is null ? "a master confirms the expired content again" : "a master answers again, with what is not used";
        AddEvent("refreshed", why, _row!.Content!.Serial);
        ZoneRow row = NextRow(ZoneWish.Present, _row.Content);
        Write(WritePurpose.Standing, stopped is null ? row : row with { Reason = stopped, ReasonSince = _now });
    }

    private void StandingIsDurable()
    {
        if (_phase == ZonePhase.Deleting) return;
        CodeProbe.Reached(IsExpired ? "zone.expired" : "zone.stands-anew");
        TellPresent(observeFirst: true);
    }

    /// <summary>A write that only changes how the zone stands came to nothing: the next pass sees to it again.</summary>
    private void StandingNotDurable()
    {
        _failures++;
        Retry();
    }
}
