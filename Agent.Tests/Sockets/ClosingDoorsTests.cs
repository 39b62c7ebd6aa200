using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

/// <summary>Ports that are closed while requests are under way: what came in is answered, and who comes then hears at once to go
/// elsewhere.</summary>
public sealed class ClosingDoorsTests
{
    private static readonly byte[] Create = Message(0x7400, CreateType, PrivateClass);

    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("0.0.0.0", 1)]
    [InlineData("0.0.0.0", 3)]
    [InlineData("::", 2)]
    public async Task What_has_come_in_is_answered_and_newcomers_are_refused(string host, int workers)
    {
        using var rig = new ListenerRig(null, host: host, workers: workers, answerer: new UdpListenerTests.EchoAnswerer());
        Socket udp = rig.Udp(), tcp = rig.Tcp(), idle = rig.Tcp();
        udp.Send(Create);
        tcp.Send(FakeUpstream.Frame(Create));
        ControlRequest[] requests = [rig.Sink.Take(), rig.Sink.Take()];

        Task<bool> closing = rig.Listeners.CloseDoorsAsync(TimeSpan.FromSeconds(30));
        Socket late = rig.Udp();
        ListenerRig.Eventually(() => IsRefused(late));
        ListenerRig.Eventually(() => IsRefused(rig));
        Assert.True(ListenerRig.IsClosed(idle));
        Assert.False(closing.IsCompleted);

        Assert.All(requests, request => request.TryAnswer(ControlAnswer.Done));
        Assert.Equal(0xF400, FlagsOf(ListenerRig.Receive(udp)));
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(tcp)));
        Assert.True(await closing);
        Assert.True(ListenerRig.IsClosed(tcp));
    }

    [Fact]
    public async Task A_query_on_its_way_to_the_server_is_waited_for()
    {
        using var upstream = new FakeUpstream(_ => []);
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Udp();
        client.Send(Query());
        byte[]? query = null;
        ListenerRig.Eventually(() => upstream.Queries.TryDequeue(out query));
        Task<bool> closing = rig.Listeners.CloseDoorsAsync(TimeSpan.FromSeconds(30));
        ListenerRig.Eventually(() => IsRefused(rig));
        Assert.False(closing.IsCompleted);
        Assert.True(upstream.Clients.TryDequeue(out System.Net.IPEndPoint? relay));
        upstream.SendUdp(FakeUpstream.Answer(query!), relay);
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Receive(client));
        Assert.True(await closing);
    }

    [Fact]
    public async Task Whoever_is_not_answered_in_time_is_waited_for_no_longer()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket tcp = rig.Tcp();
        tcp.Send(FakeUpstream.Frame(Create));
        ControlRequest request = rig.Sink.Take();
        Assert.False(await rig.Listeners.CloseDoorsAsync(TimeSpan.FromMilliseconds(50)));
        request.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady));
        Assert.Equal(0xF002, FlagsOf(ListenerRig.ReadFrame(tcp)));
    }

    private static bool IsRefused(Socket udp)
    {
        try
        {
            udp.ReceiveTimeout = 200;
            udp.Send(Query());
            udp.Receive(new byte[512]);
            return false;
        }
        catch (SocketException problem)
        {
            return problem.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    private static bool IsRefused(ListenerRig rig)
    {
        try
        {
            rig.Tcp().Dispose();
            return false;
        }
        catch (SocketException problem)
        {
            return problem.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
