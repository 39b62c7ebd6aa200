using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Bench.Peers;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Host.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

public sealed class UdpListenerTests
{
    private static readonly byte[] Create = Message(0x7400, CreateType, PrivateClass);

    public static TheoryData<bool> Forms => [false, true];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_query_goes_to_the_server_and_its_answer_comes_back(bool portable)
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint, portable: portable);
        Socket client = rig.Udp();
        byte[] query = Query("wWw.Example.COM.", additional: Opt());
        byte[] answer = ListenerRig.Exchange(client, query);
        Assert.Equal(FakeUpstream.Answer(query), answer);
        Assert.True(upstream.Queries.TryDequeue(out byte[]? seen));
        Assert.Equal(0, seen[2] & 1);
        Assert.Equal(query[3..], seen[3..]);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_server_may_be_reached_by_IPv6(bool portable)
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)], new IPEndPoint(IPAddress.IPv6Loopback, 0));
        using var rig = new ListenerRig(upstream.Endpoint, "::", portable: portable);
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(rig.Udp("127.0.0.9"), Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(rig.Udp("::1"), Query()));
        Socket tcp = rig.Tcp("::1");
        tcp.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(tcp));
    }

    [Fact]
    public void Ids_towards_the_server_are_not_those_of_the_client()
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Udp();
        for (int round = 0; round < 40; round++)
        {
            Assert.Equal(Id, (ListenerRig.Exchange(client, Query())[0] << 8) + 0x34);
        }
        Assert.True(upstream.Queries.Select(query => (query[0] << 8) | query[1]).Distinct().Count() > 35);
        Assert.True(upstream.Clients.Select(endpoint => endpoint.Port).Distinct().Count() > 1);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_answers_no_open_question_is_dropped(bool portable)
    {
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        FakeUpstream? upstream = null;
        upstream = new FakeUpstream(query =>
        {
            byte[] good = FakeUpstream.Answer(query);
            byte[] wrongId = [.. good];
            wrongId[1] ^= 0xFF;
            byte[] wrongQuestion = [.. good];
            wrongQuestion[13] = (byte)'x';
            byte[] poison = [.. good];
            poison[3] = 3;
            stranger.SendTo(poison, upstream!.Clients.Last());
            // The good one comes last and once more: the repetition answers nothing.
            return [wrongId, wrongQuestion, [], [1, 2, 3], query, good, poison];
        });
        using (upstream)
        using (var rig = new ListenerRig(upstream.Endpoint, portable: portable))
        {
            Socket client = rig.Udp();
            for (int round = 0; round < 5; round++)
            {
                Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(client, Query()));
            }
            Assert.Equal(0, client.Available);
        }
    }

    [Fact]
    public void A_silent_server_means_SERVFAIL_and_a_late_answer_is_dropped()
    {
        using var upstream = new FakeUpstream(query => []);
        using var rig = new ListenerRig(upstream.Endpoint, timeoutMs: 100);
        Socket client = rig.Udp();
        byte[] answer = ListenerRig.Exchange(client, Query(additional: Opt()));
        Assert.Equal(0x8102, FlagsOf(answer));
        EdnsView.Find(answer, out EdnsView edns);
        Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out _));
        Assert.Equal(ExtendedErrorCode.NoReachableAuthority, code);
        Assert.True(upstream.Queries.TryDequeue(out byte[]? query));
        Assert.True(upstream.Clients.TryDequeue(out IPEndPoint? relay));
        upstream.SendUdp(FakeUpstream.Answer(query), relay);
        // The next thing to arrive is the answer to the next question, not the late one.
        byte[] next = ListenerRig.Exchange(client, Message(0x2800, 6, 1));
        Assert.Equal(0xA804, FlagsOf(next));
    }

    [Fact]
    public void A_full_table_means_SERVFAIL_for_the_oldest_query()
    {
        using var upstream = new FakeUpstream(query => []);
        using var rig = new ListenerRig(upstream.Endpoint, tableSize: 4);
        Socket client = rig.Udp();
        for (int index = 0; index < 5; index++)
        {
            client.Send(Query($"n{index}.example."));
        }
        byte[] answer = ListenerRig.Receive(client);
        Assert.Equal(0x8102, FlagsOf(answer));
        Assert.Equal((byte)'0', answer[14]);
    }

    /// <summary>The client would stop waiting long before the relay does: only the system's report can bring the answer.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void A_server_whose_port_is_closed_means_SERVFAIL_at_once(bool portable)
    {
        var gone = new FakeUpstream(query => []);
        gone.Dispose();
        using var rig = new ListenerRig(gone.Endpoint, timeoutMs: 100 * ListenerRig.PatienceMs, portable: portable);
        Socket client = rig.Udp();
        for (int round = 0; round < 3; round++)
        {
            byte[] answer = ListenerRig.Exchange(client, Query(additional: Opt()));
            Assert.Equal(0x8102, FlagsOf(answer));
            EdnsView.Find(answer, out EdnsView edns);
            Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out _));
            Assert.Equal(ExtendedErrorCode.NoReachableAuthority, code);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_answer_beyond_the_slot_becomes_TC(bool portable)
    {
        using var upstream = new FakeUpstream(query => [[.. FakeUpstream.Answer(query), .. new byte[1500]]]);
        using var rig = new ListenerRig(upstream.Endpoint, slotBytes: 1400, portable: portable);
        byte[] answer = ListenerRig.Exchange(rig.Udp(), Query(additional: Opt()));
        Assert.Equal(0x8700, FlagsOf(answer));
        var reader = new MessageReader(answer);
        Assert.True(reader.TryReadQuestion(out QuestionView question));
        Assert.Equal("www.example.com.", question.ToName()!.ToString());
    }

    [Fact]
    public void A_server_that_was_away_is_used_again_when_it_is_back()
    {
        var first = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(first.Endpoint, timeoutMs: 100);
        Socket client = rig.Udp();
        ListenerRig.Eventually(() => FlagsOf(ListenerRig.Exchange(client, Query())) == 0x8500);
        first.Dispose();
        ListenerRig.Eventually(() => FlagsOf(ListenerRig.Exchange(client, Query())) == 0x8102);
        using var again = new FakeUpstream(query => [FakeUpstream.Answer(query)], first.Endpoint);
        ListenerRig.Eventually(() => FlagsOf(ListenerRig.Exchange(client, Query())) == 0x8500);
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.5", false)]
    [InlineData("::", "127.0.0.5", false)]
    [InlineData("::", "::1", false)]
    [InlineData("127.0.0.1", "127.0.0.1", false)]
    [InlineData("::1", "::1", false)]
    [InlineData("::", "127.0.0.5", true)]
    public void Control_is_answered_later_from_the_address_that_was_asked(string host, string asked, bool portable)
    {
        using var rig = new ListenerRig(null, host, portable: portable, answerer: new EchoAnswerer());
        Socket client = rig.Udp(asked);
        client.Send(Create);
        ControlRequest request = rig.Sink.Take();
        Assert.Equal(ControlOperation.Create, request.Operation);
        Assert.Equal(((IPEndPoint)client.LocalEndPoint!).Address, request.Client.ToIPAddress());
        Assert.True(request.TryAnswer(ControlAnswer.Done));
        byte[] answer = ListenerRig.Receive(client);
        Assert.Equal("1234F400", Convert.ToHexString(answer)[..8]);
        Assert.Equal(Create[4..], answer[4..]);
    }

    [Fact]
    public void Without_credit_control_is_SERVFAIL()
    {
        using var rig = new ListenerRig(null, credits: 1, answerer: new EchoAnswerer());
        Socket client = rig.Udp();
        client.Send(Create);
        ControlRequest held = rig.Sink.Take();
        Assert.Equal(0xF002, FlagsOf(ListenerRig.Exchange(client, WithId(Create, 7))));
        held.TryAnswer(ControlAnswer.Done);
        Assert.Equal(0xF400, FlagsOf(ListenerRig.Receive(client)));
        client.Send(Create);
        Assert.NotNull(rig.Sink.Take());
    }

    [Fact]
    public void Local_answers_leave_without_a_relay()
    {
        using var rig = new ListenerRig(null, answerer: new EchoAnswerer());
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(rig.Udp(), Query()));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public void Random_datagrams_end_nothing(int workers, bool portable)
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint, workers: workers, portable: portable, credits: 100_000, slotBytes: 1400);
        Socket client = rig.Udp();
        var random = new Random(4711);
        byte[][] seeds =
        [
            Create, Query(), Query(additional: Opt(1)), Query(additional: Tsig("x.")), Message(0x2400, 6, 1), Message(0x2800, 6, 1),
        ];
        byte[] drain = new byte[65535];
        for (int round = 0; round < 5000; round++)
        {
            byte[] message = [.. seeds[random.Next(seeds.Length)], .. new byte[random.Next(100) == 0 ? random.Next(3000) : random.Next(3)]];
            for (int change = random.Next(8); change > 0; change--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }
            client.Send(message.AsSpan(0, random.Next(10) == 0 ? random.Next(message.Length) : message.Length));
            while (client.Available > 0)
            {
                client.Receive(drain);
            }
        }
        // A port of its own, so that nothing of the flood can be taken for the answer.
        Socket sober = rig.Udp();
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(sober, Query()));
    }

    [Fact]
    public void A_relay_to_ourselves_is_refused()
    {
        using var rig = new ListenerRig(null, answerer: new EchoAnswerer());
        NetworkEndpoint own = rig.Listeners.Endpoints[0];
        rig.Listeners.Dispose();
        Assert.Throws<RelayCircleException>(() => new DnsListeners(
            new DnsListenerSettings
            {
                Endpoints = [own with { Address = default }],
                Policy = new ListenerPolicy(),
                Gate = rig.Gate,
                Relay = new RelayOptions { Destination = own },
                Udp = new UdpWorkerOptions { Workers = 1 },
            },
            NullLoggerFactory.Instance));
    }

    /// <summary>Any address of the machine leads back to a listener on all of them: one query would circle until a table is full.</summary>
    [Fact]
    public void A_relay_to_any_own_address_is_refused_on_the_wildcard()
    {
        IEnumerable<IPAddress> own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address).Append(IPAddress.Parse("127.3.2.1"));
        Assert.All(own, address => Assert.IsType<RelayCircleException>(RefusalOnWildcard(address)));
        // Nobody's (RFC 5737), so it may well be the server; whether a route leads there is another matter.
        Assert.IsNotType<RelayCircleException>(RefusalOnWildcard(IPAddress.Parse("192.0.2.1")));
    }

    private static Exception? RefusalOnWildcard(IPAddress server) => Record.Exception(
        () => LoopbackPort.Open(IPAddress.IPv6Any, at => Relaying("::", at.Port, server)).Dispose());

    private static DnsListeners Relaying(string host, int port, IPAddress server) => new(
        new DnsListenerSettings
        {
            Endpoints = [NetworkEndpoint.From(IPAddress.Parse(host), port)],
            Policy = new ListenerPolicy(),
            Gate = new ControlGate(new ListenerRig.RecordingSink()),
            Relay = new RelayOptions { Destination = NetworkEndpoint.From(server, port), TimeoutMs = 1000 },
            Udp = new UdpWorkerOptions { Workers = 1 },
        },
        NullLoggerFactory.Instance);

    [Fact]
    public void A_port_in_use_is_an_error_and_a_new_policy_holds_at_once()
    {
        using var rig = new ListenerRig(null, answerer: new EchoAnswerer());
        var settings = new DnsListenerSettings
        {
            Endpoints = [rig.Listeners.Endpoints[0]],
            Policy = new ListenerPolicy(),
            Gate = rig.Gate,
            LocalAnswerer = new EchoAnswerer(),
        };
        Assert.Throws<SocketException>(() => new DnsListeners(settings, NullLoggerFactory.Instance));
        rig.Listeners.UsePolicy(new ListenerPolicy { AllowQuery = AccessList.None });
        Assert.Equal(0x8105, FlagsOf(ListenerRig.Exchange(rig.Udp(), Query())));
    }

    internal sealed class EchoAnswerer : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport)
        {
            query.CopyTo(response);
            response[2] |= 0x84;
            return query.Length;
        }
    }
}
