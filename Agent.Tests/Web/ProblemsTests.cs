using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Web;
using Microsoft.AspNetCore.Http;

namespace Agent.Tests.Web;

/// <summary>What is answered where a zone's status did not come.</summary>
public sealed class ProblemsTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.org.");

    /// <summary>Who reads 404 may take the zone for deleted.</summary>
    [Theory]
    [InlineData(ZoneOutcome.Failed, StatusCodes.Status503ServiceUnavailable)]
    [InlineData(ZoneOutcome.Unknown, StatusCodes.Status404NotFound)]
    public void A_zone_whose_owner_is_silent_is_not_unknown(ZoneOutcome outcome, int status)
    {
        var reply = new ZoneReply(Zone, outcome, outcome == ZoneOutcome.Failed ? new Reason(ReasonCode.NoOwner, "it is silent") : null);
        Assert.Equal(status, Assert.IsAssignableFrom<IStatusCodeHttpResult>(Problems.WithoutStatus(Zone, reply)).StatusCode);
    }
}
