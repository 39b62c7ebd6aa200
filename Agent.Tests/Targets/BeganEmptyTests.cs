using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Targets;

/// <summary>Servers that live and die with the agent, as the directory names them.</summary>
public sealed class BeganEmptyTests : TestKitBase
{
    [Fact]
    public void The_set_names_the_targets_whose_server_began_without_zones_also_when_it_is_narrowed()
    {
        TestProbe client = CreateTestProbe("client");
        IActorRef directory = ActorOf(TargetDirectoryActor.Props(
            new TargetDirectorySettings([Local("inside", beginsEmpty: true), Local("outside", beginsEmpty: false)], null)));

        client.Send(directory, new GetTargetSet());

        TargetSet targets = client.ExpectMsg<TargetSetChanged>().Targets;
        Assert.Equal(["inside", "outside"], targets.Names.AsEnumerable());
        Assert.Equal(["inside"], targets.BeganEmpty);
        Assert.Equal(["inside"], targets.Only(new TargetSelection(["inside"])).BeganEmpty);
    }

    private static LocalTarget Local(string name, bool beginsEmpty) =>
        new(new BackendActorSettings(name, new SilentServer(beginsEmpty), TimeSpan.FromHours(1)), IsFarmScoped: false);

    private sealed class SilentServer(bool beginsEmpty) : IZoneBackend
    {
        public BackendTraits Traits { get; } = new("test", 1, TimeSpan.FromSeconds(1)) { BeginsEmpty = beginsEmpty };

        public void Apply(ApplyZone order, ReplyTo replyTo)
        {
        }

        public void Remove(RemoveZone order, ReplyTo replyTo)
        {
        }

        public void Observe(ObserveZone order, ReplyTo replyTo)
        {
        }

        public void Probe(ProbeServer order, ReplyTo replyTo)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
