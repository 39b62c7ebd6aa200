using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;

namespace Agent.Tests.Listeners;

public sealed class SourceRateLimiterTests
{
    [Fact]
    public void A_prefix_has_one_budget_that_refills()
    {
        var limiter = new SourceRateLimiter(perSecond: 10, burst: 3, seed: 1);
        Assert.Equal([true, true, true, false], Take(limiter, 0, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"));
        Assert.Equal([true], Take(limiter, 0, "192.0.3.1"));
        Assert.Equal([false], Take(limiter, 99, "192.0.2.1"));
        Assert.Equal([true, true, false], Take(limiter, 200, "192.0.2.1", "192.0.2.1", "192.0.2.1"));
        Assert.Equal([true, true, true, false], Take(limiter, 1_000_000, "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"));
    }

    [Fact]
    public void IPv6_counts_by_its_first_56_bits()
    {
        var limiter = new SourceRateLimiter(1, 1, 1);
        Assert.Equal([true, false, true], Take(limiter, 0, "2001:db8:0:1::1", "2001:db8:0:ff::2", "2001:db8:0:100::1"));
    }

    [Fact]
    public void Loopback_is_exempt_and_zero_switches_off()
    {
        var limiter = new SourceRateLimiter(1, 1, 1);
        Assert.DoesNotContain(false, Take(limiter, 0, "127.0.0.1", "127.0.0.1", "::1", "::1"));
        var off = new SourceRateLimiter(0, 1, 1);
        Assert.DoesNotContain(false, Take(off, 0, "192.0.2.1", "192.0.2.1", "192.0.2.1"));
    }

    [Fact]
    public void A_flood_of_prefixes_stays_in_the_table_and_leaves_old_offenders_limited_or_forgotten()
    {
        var limiter = new SourceRateLimiter(1, 1, 99, tableSize: 64);
        int allowed = 0;
        for (uint prefix = 0; prefix < 10_000; prefix++)
        {
            allowed += limiter.TryTake(NetworkEndpoint.FromIPv4(0x0B00_0000 + (prefix << 8), 1), prefix) ? 1 : 0;
        }
        // Each prefix is new, so each gets its burst: nobody suffers for what others do.
        Assert.Equal(10_000, allowed);
    }

    private static bool[] Take(SourceRateLimiter limiter, long nowMs, params string[] sources) =>
        [.. sources.Select(source => limiter.TryTake(NetworkEndpoint.From(IPAddress.Parse(source), 1), nowMs))];
}
