using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>The directory of masters, over a client that the test plays.</summary>
public sealed class MasterDirectoryTests : TestKitBase
{
    private readonly PlayedClient _client = new();

    [Fact]
    public void A_pass_that_waits_for_addresses_gets_those_of_masters_that_came_with_a_reload()
    {
        IActorRef directory = ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(
            _client, [new Master("old", "old.example", 53, null)])));
        TestProbe pass = CreateTestProbe("pass");
        pass.Send(directory, new GetMasters(1, null));
        RunReady();
        (ResolveMaster old, ReplyTo oldReply) = Assert.Single(_client.Lookups);
        directory.Tell(new ReplaceMasters([new Master("new", "new.example", 53, null)]));
        RunReady();
        oldReply.Tell(new MasterResolved(old.Id, old.Master, [new IPEndPoint(IPAddress.Loopback, 53)], null));
        pass.ExpectNoMsg();
        (ResolveMaster found, ReplyTo reply) = _client.Lookups[^1];
        Assert.Equal("new", found.Master.Name);
        reply.Tell(new MasterResolved(found.Id, found.Master, [new IPEndPoint(IPAddress.IPv6Loopback, 53)], null));
        Assert.Equal("new", Assert.Single(pass.ExpectMsg<MasterPlan>().Addresses).Master.Name);
    }

    private sealed class PlayedClient : IMasterClient
    {
        public List<(ResolveMaster Request, ReplyTo ReplyTo)> Lookups { get; } = [];

        public void Resolve(ResolveMaster request, ReplyTo replyTo) => Lookups.Add((request, replyTo));

        public void AskSoa(AskSoa request, ReplyTo replyTo) => throw new InvalidOperationException("not asked for here");

        public void Transfer(TransferZone request, ReplyTo replyTo) => throw new InvalidOperationException("not asked for here");

        public void Cancel(long id)
        {
        }
    }
}
