using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using Agent.Host.Sockets;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

public sealed class TcpListenerTests
{
    private static readonly byte[] Create = Message(0x7400, CreateType, PrivateClass);
    private static readonly byte[] Notify = Message(0x2400, 6, 1);

    [Fact]
    public void A_connection_serves_many_requests_and_stays_open()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        for (int round = 0; round < 3; round++)
        {
            client.Send(FakeUpstream.Frame(Query()));
            Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(client));
        }
        client.Send(FakeUpstream.Frame(Create));
        rig.Sink.Take().TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(client)));
    }

    [Fact]
    public void Pipelined_requests_are_answered_as_they_get_ready()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        client.Send([.. FakeUpstream.Frame(Create), .. FakeUpstream.Frame(Notify), .. FakeUpstream.Frame(Query())]);
        Assert.Equal(0x8500, FlagsOf(ListenerRig.ReadFrame(client)));
        ControlRequest create = rig.Sink.Take();
        ControlRequest notify = rig.Sink.Take();
        notify.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xA400, FlagsOf(ListenerRig.ReadFrame(client)));
        create.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NetworkError));
        Assert.Equal(0xF002, FlagsOf(ListenerRig.ReadFrame(client)));
    }

    [Fact]
    public void Octet_by_octet_is_read_as_well()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        foreach (byte octet in FakeUpstream.Frame(Query()))
        {
            client.Send([octet]);
        }
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(client));
    }

    [Fact]
    public void An_idle_connection_is_closed()
    {
        using var rig = new ListenerRig(null, tcp: new TcpOptions { IdleTimeoutMs = 60 }, answerer: new UdpListenerTests.EchoAnswerer());
        Assert.True(ListenerRig.IsClosed(rig.Tcp()));
    }

    [Fact]
    public void A_client_that_trickles_octets_is_idle()
    {
        using var rig = new ListenerRig(null, tcp: new TcpOptions { IdleTimeoutMs = 200 }, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        byte[] frame = FakeUpstream.Frame(new byte[60_000]);
        int sent = 0;
        client.ReceiveTimeout = 5;
        ListenerRig.Eventually(
            () =>
            {
                try
                {
                    sent += client.Send(frame.AsSpan(sent, 1));
                    return client.Receive(new byte[1]) == 0;
                }
                catch (SocketException exception)
                {
                    return exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown;
                }
            });
        Assert.True(sent < frame.Length);
    }

    [Fact]
    public void A_connection_that_waits_for_an_answer_is_not_idle()
    {
        using var rig = new ListenerRig(null, tcp: new TcpOptions { IdleTimeoutMs = 50 }, answerer: new UdpListenerTests.EchoAnswerer());
        Socket waiting = rig.Tcp();
        waiting.Send(FakeUpstream.Frame(Create));
        ControlRequest request = rig.Sink.Take();
        // Another connection, opened later, is idle and closed meanwhile: the limit has passed.
        Assert.True(ListenerRig.IsClosed(rig.Tcp()));
        request.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(waiting)));
        Assert.True(ListenerRig.IsClosed(waiting));
    }

    [Fact]
    public void No_connection_outlives_the_total_limit()
    {
        using var rig = new ListenerRig(
            null, tcp: new TcpOptions { IdleTimeoutMs = 400, TotalTimeoutMs = 300 }, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        ListenerRig.Eventually(
            () =>
            {
                try
                {
                    client.Send(FakeUpstream.Frame(Query()));
                    return client.Receive(new byte[512]) == 0;
                }
                catch (SocketException)
                {
                    return true;
                }
            });
    }

    [Fact]
    public void At_the_client_limit_the_longest_idle_connection_makes_room()
    {
        var limits = new TcpOptions { ConnectionsPerClient = 2 };
        using var rig = new ListenerRig(null, tcp: limits, answerer: new UdpListenerTests.EchoAnswerer());
        Socket busy = rig.Tcp();
        busy.Send(FakeUpstream.Frame(Create));
        ControlRequest request = rig.Sink.Take();
        Socket idle = rig.Tcp();
        Use(idle);
        Socket third = rig.Tcp();
        Use(third);
        Assert.True(ListenerRig.IsClosed(idle));
        request.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(busy)));
        Use(third);
    }

    [Fact]
    public void At_the_total_limit_the_longest_idle_connection_makes_room()
    {
        using var rig = new ListenerRig(null, tcp: new TcpOptions { ConnectionsMax = 1 }, answerer: new UdpListenerTests.EchoAnswerer());
        Socket first = rig.Tcp();
        Use(first);
        Socket second = rig.Tcp();
        Use(second);
        Assert.True(ListenerRig.IsClosed(first));
    }

    [Fact]
    public void Reading_stops_while_too_many_requests_are_under_way()
    {
        using var rig = new ListenerRig(null, tcp: new TcpOptions { PipelinedMax = 2 }, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        for (ushort id = 0; id < 3; id++)
        {
            client.Send(FakeUpstream.Frame(WithId(Create, id)));
        }
        ControlRequest first = rig.Sink.Take();
        ControlRequest second = rig.Sink.Take();
        Use(rig.Tcp());
        Assert.Empty(rig.Sink.Requests);
        first.TryIgnore();
        ControlRequest third = rig.Sink.Take();
        third.TryAnswer(ControlAnswer.Done);
        second.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(client)));
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(client)));
    }

    [Fact]
    public void A_client_that_has_finished_sending_still_gets_its_answers()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        client.Send([.. FakeUpstream.Frame(Create), .. FakeUpstream.Frame(Query())]);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0x8500, FlagsOf(ListenerRig.ReadFrame(client)));
        rig.Sink.Take().TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(client)));
        Assert.True(ListenerRig.IsClosed(client));
    }

    [Fact]
    public void A_client_that_never_reads_is_cut_off()
    {
        var big = new BigAnswerer();
        using var rig = new ListenerRig(
            null, tcp: new TcpOptions { WriteQueueBytesMax = 200_000, IdleTimeoutMs = 500 }, answerer: big);
        Socket client = rig.Tcp();
        client.ReceiveBufferSize = 4096;
        client.SendTimeout = ListenerRig.PatienceMs;
        byte[] frame = FakeUpstream.Frame(Query());
        ListenerRig.Eventually(
            () =>
            {
                try
                {
                    for (int index = 0; index < 50; index++)
                    {
                        client.Send(frame);
                    }
                    return false;
                }
                catch (SocketException)
                {
                    return true;
                }
            });
    }

    [Fact]
    public void Messages_without_an_answer_leave_the_connection_usable()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = rig.Tcp();
        byte[] answer = Message(0xF400, CreateType, PrivateClass);
        client.Send([.. FakeUpstream.Frame([]), .. FakeUpstream.Frame([1, 2, 3]), .. FakeUpstream.Frame(answer)]);
        Use(client);
    }

    [Fact]
    public void Transfers_go_to_the_responder_and_are_refused_without_one()
    {
        using var none = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer());
        Socket client = none.Tcp();
        client.Send(FakeUpstream.Frame(Message(0, 252, 1)));
        Assert.Equal(0x8005, FlagsOf(ListenerRig.ReadFrame(client)));

        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), transfers: new Responder());
        client = rig.Tcp();
        client.Send([.. FakeUpstream.Frame(Message(0, 252, 1)), .. FakeUpstream.Frame(Message(0, 252, 1))]);
        int octets = 0;
        for (int message = 0; message < 2 * Responder.Messages; message++)
        {
            octets += ListenerRig.ReadFrame(client).Length;
        }
        Assert.Equal(2 * Responder.Messages * Responder.MessageBytes, octets);
        Use(client);
    }

    [Fact]
    public void A_failure_behind_one_connection_ends_that_one_only()
    {
        using var rig = new ListenerRig(null, answerer: new ThrowingAnswerer());
        Socket healthy = rig.Tcp();
        healthy.Send(FakeUpstream.Frame(Create));
        ControlRequest request = rig.Sink.Take();
        Socket client = rig.Tcp();
        client.Send(FakeUpstream.Frame(Query()));
        Assert.True(ListenerRig.IsClosed(client));
        Socket udp = rig.Udp();
        udp.Send(Query());
        Assert.Equal(0xA804, FlagsOf(ListenerRig.Exchange(udp, Message(0x2800, 6, 1))));
        request.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.ReadFrame(healthy)));
    }

    [Fact]
    public void Random_streams_end_nothing()
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint);
        var random = new Random(99);
        for (int round = 0; round < 60; round++)
        {
            using Socket client = rig.Tcp();
            byte[] noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            if (round % 2 == 0)
            {
                // A plausible length, so that the noise is read as messages.
                (noise[0], noise[noise.Length > 1 ? 1 : 0]) = (0, 40);
            }
            client.Send(noise);
        }
        Socket sober = rig.Tcp();
        sober.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(sober));
    }

    private static void Use(Socket client)
    {
        client.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(client));
    }

    private sealed class ThrowingAnswerer : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport) =>
            throw new InvalidOperationException("a fault of the answerer");
    }

    private sealed class BigAnswerer : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport)
        {
            query.CopyTo(response);
            response[2] |= 0x84;
            return response.Length;
        }
    }

    private sealed class Responder : ITransferResponder
    {
        public const int Messages = 200;
        public const int MessageBytes = 20_000;

        public Task RespondByDatagramAsync(TransferRequest request) => Task.CompletedTask;

        public async Task RespondAsync(TransferRequest request, ITransferOutput output, CancellationToken stop)
        {
            byte[] message = new byte[MessageBytes];
            request.Query.CopyTo(message);
            for (int index = 0; index < Messages; index++)
            {
                Assert.True(await output.WriteAsync(message));
            }
        }
    }
}
