using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Listeners;

/// <summary>Each request has its answer, also when nobody can take it to its zone.</summary>
public sealed class ControlDeskTests : TestKitBase
{
    private readonly Requests.RecordingPath _path = new();

    [Fact]
    public void A_reply_becomes_the_answer()
    {
        TestProbe region = CreateTestProbe("region");
        Post(region);
        CreateZone asked = region.ExpectMsg<CreateZone>();
        region.LastSender.Tell(new ZoneReply(asked.Zone, ZoneOutcome.Done));
        Assert.Equal(ResponseCode.NoError, Answer);
    }

    [Fact]
    public void A_request_whose_door_is_gone_fails_at_once()
    {
        TestProbe region = CreateTestProbe("region");
        Sys.Stop(region.Ref);
        RunReady();
        Post(region);
        Assert.Equal(ResponseCode.ServFail, Answer);
    }

    private void Post(TestProbe region) => new ControlDesk(region.Ref, Sys.Clock).TryPost(
        Requests.Control(Requests.Message(0x7400, Requests.CreateType, Requests.PrivateClass), _path));

    private ResponseCode Answer => (ResponseCode)(Requests.FlagsOf(Assert.Single(_path.Sent)) & 15);
}
