using Agent.Actors.Cluster;
using Agent.Actors.Cookies;
using Agent.Dns.Cookies;

namespace Agent.Tests.Cookies;

public sealed class CookieRotationTests
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(24)]
    public void A_secret_is_known_before_it_is_used_and_accepted_until_its_last_cookie_is_over(int hours)
    {
        int drawn = 0;
        TimeSpan step = TimeSpan.FromMinutes(1);
        List<(DateTimeOffset At, CookieSecrets Secrets, string Active)> seen = [];
        CookieSecrets? known = null;
        for (DateTimeOffset now = Begin; now < Begin + TimeSpan.FromDays(5); now += step)
        {
            known = CookieRotation.Next(known, now, TimeSpan.FromHours(hours), () => $"{++drawn:x32}") ?? known;
            seen.Add((now, known!, known!.Secrets.Last(s => s.ActiveFrom <= now.ToUnixTimeSeconds()).Octets));
        }

        Assert.InRange(drawn, 120 / hours, (120 / hours) + 2);
        foreach ((int index, var moment) in seen.Index())
        {
            Assert.InRange(moment.Secrets.Secrets.Length, 1, 4);
            int before = index - (int)((CookieRotation.Lead - step) / step);
            if (before >= 0) Assert.Contains(seen[before].Secrets.Secrets, s => s.Octets == moment.Active);
            int after = Math.Min(seen.Count - 1, index + (int)(DnsCookie.Lifetime / step));
            Assert.Contains(seen[after].Secrets.Secrets, s => s.Octets == moment.Active);
        }
    }

    [Fact]
    public void After_a_long_pause_the_next_secret_waits_its_time_too()
    {
        CookieSecrets old = new([new CookieSecret("a", Begin.ToUnixTimeSeconds())]);
        DateTimeOffset now = Begin + TimeSpan.FromDays(30);
        CookieSecrets next = CookieRotation.Next(old, now, TimeSpan.FromHours(24), () => "b")!;
        Assert.Equal(["a", "b"], next.Secrets.Select(s => s.Octets));
        Assert.Equal((now + CookieRotation.Lead).ToUnixTimeSeconds(), next.Secrets[1].ActiveFrom);
        Assert.Null(CookieRotation.Next(next, now, TimeSpan.FromHours(24), () => "c"));
    }
}
