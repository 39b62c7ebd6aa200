using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Dns.Cookies;

namespace Agent.Actors.Cookies;

/// <summary>
/// Which secrets there should be, as a pure function of those there are and the time. A new one is known to all for a while before anybody
/// makes cookies with it, and an old one is accepted until the last cookie made with it is over: no client ever sees its cookie fail
/// because of a change (RFC 7873 section 7.1, RFC 9018 section 5).
/// </summary>
public static class CookieRotation
{
    /// <summary>How long a secret is known before it is used.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AcceptedAfter = DnsCookie.Lifetime + DnsCookie.ClockSkew + Lead;

    /// <summary>The secrets that should be there; null when those that are there are right.</summary>
    /// <param name="known">What is there; null for nothing.</param>
    /// <param name="now">The time.</param>
    /// <param name="every">How long new cookies are made with one secret.</param>
    /// <param name="draw">Gives a new secret.</param>
    public static CookieSecrets? Next(CookieSecrets? known, DateTimeOffset now, TimeSpan every, Func<string> draw)
    {
        ArgumentNullException.ThrowIfNull(draw);
        if (known is not { Secrets: { IsDefaultOrEmpty: false } secrets })
            return new CookieSecrets([new CookieSecret(draw(), now.ToUnixTimeSeconds())]);
        ImmutableArray<CookieSecret> kept = secrets.RemoveRange(
            secrets.Take(secrets.Length - 1).Where((_, i) => At(secrets[i + 1]) + AcceptedAfter <= now));
        DateTimeOffset due = At(kept[^1]) + every;
        if (due - Lead <= now)
        {
            DateTimeOffset from = due > now + Lead ? due : now + Lead;
            kept = kept.Add(new CookieSecret(draw(), from.ToUnixTimeSeconds()));
        }

        return kept.Length == secrets.Length && kept[^1] == secrets[^1] ? null : new CookieSecrets(kept);
    }

    private static DateTimeOffset At(CookieSecret secret) => DateTimeOffset.FromUnixTimeSeconds(secret.ActiveFrom);
}
