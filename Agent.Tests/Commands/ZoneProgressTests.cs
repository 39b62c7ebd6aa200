using System.Text.Json;
using Agent.Actors.Zones;
using Agent.Host.Commands;

namespace Agent.Tests.Commands;

/// <summary>When a wait for a zone is over.</summary>
public sealed class ZoneProgressTests
{
    /// <summary>
    /// Who waits for a serial waits for the servers, not for the zone to be at rest: its master may be away, or newer content stopped.
    /// </summary>
    [Theory]
    [InlineData("ok", null, true)]
    [InlineData("stale", null, false)]
    [InlineData("blocked", null, false)]
    [InlineData("stale", 3u, true)]
    [InlineData("transferring", 2u, true)]
    [InlineData("blocked", 3u, true)]
    [InlineData("blocked", 4u, false)]
    [InlineData("deleting", 3u, false)]
    [InlineData("expired", 3u, false)]
    public void A_serial_that_is_named_is_reached_when_the_servers_have_it(string state, uint? wanted, bool isLevel) =>
        Assert.Equal(isLevel, Of(state, wanted, "verified").IsLevel);

    [Fact]
    public void A_server_that_was_not_seen_to_serve_it_keeps_the_wait_going() =>
        Assert.False(Of("ok", 3, "verified", "pending").IsLevel);

    private static ZoneProgress Of(string state, uint? wanted, params string[] targets)
    {
        var zone = new { state, serial = 3, targets = targets.Select(target => new { state = target, serial = 3 }) };
        return ZoneProgress.Of(JsonSerializer.SerializeToElement(zone), wanted, new Quorum(QuorumKind.All));
    }
}
