using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>What an idle actor costs; a million zones make each byte a megabyte.</summary>
public sealed class FootprintTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int Count = 1000;

    [Fact]
    public void A_cell_takes_at_most_96_bytes()
    {
        ActorTestKit kit = new();
        CellShared shared = Props.Create(static () => new Idle()).SharedIn(kit.Sys);
        ActorCell[] cells = new ActorCell[Count];
        double bytes = BytesEach(() =>
        {
            for (int i = 0; i < Count; i++) cells[i] = new ActorCell(shared, parent: null, name: null, (uint)i);
        });
        output.WriteLine($"{bytes} bytes per cell");
        Assert.InRange(bytes, 64, 96);
        GC.KeepAlive(cells);
    }

    [Fact]
    public void An_envelope_takes_40_bytes_and_an_intrusive_message_none()
    {
        ActorTestKit kit = new();
        IActorRef actor = kit.ActorOf(Props.Create(static () => new Idle()));
        kit.RunReady();
        object message = new();
        Assert.Equal(40, BytesEach(() =>
        {
            for (int i = 0; i < Count; i++) actor.Tell(message);
        }));
        Lease[] leases = [.. Enumerable.Range(0, Count).Select(static _ => new Lease())];
        Assert.Equal(0, BytesEach(() =>
        {
            foreach (Lease lease in leases) actor.Tell(lease);
        }));
    }

    private static double BytesEach(Action act)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Count;
    }

    private sealed class Idle : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
        }
    }

    private sealed class Lease : IntrusiveMessage;
}
