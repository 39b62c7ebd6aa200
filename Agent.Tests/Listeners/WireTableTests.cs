using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

/// <summary>The table of what is answered to what, row by row.</summary>
public sealed class WireTableTests
{
    private const string Friend = "10.0.0.1";
    private const string Stranger = "198.51.100.7";

    private static readonly ListenerPolicy Policy = new()
    {
        AllowQuery = AccessList.Parse("10.0.0.0/8"),
        AllowNotify = AccessList.Parse("10.0.0.1", "key:good."),
        AllowControl = AccessList.Parse("10.0.0.1", "key:good."),
        AllowTransfer = AccessList.Parse("key:good.", "10.0.0.2"),
    };

    /// <summary>Name, message, from an allowed source, otherwise. A number is the flags word of an answer given at once.</summary>
    private static readonly (string Name, byte[] Message, object Allowed, object Otherwise)[] Rows =
    [
        ("create", Message(0x7400, CreateType, PrivateClass), ControlOperation.Create, 0xF005),
        ("create without AA", Message(0x7000, CreateType, PrivateClass), ControlOperation.Create, 0xF005),
        ("create with EDNS", Message(0x7400, CreateType, PrivateClass, additional: Opt(dnssecOk: true)), ControlOperation.Create, 0xF005),
        ("create with EDNS of the future", Message(0x7400, CreateType, PrivateClass, additional: Opt(5)), 0xF000, 0xF005),
        ("delete", Message(0x7400, DeleteType, PrivateClass), ControlOperation.Delete, 0xF005),
        ("opcode 14, class IN", Message(0x7400, CreateType, 1), 0xF005, 0xF005),
        ("opcode 14, success type", Message(0x7400, 65280, PrivateClass), 0xF005, 0xF005),
        ("opcode 14, failure type", Message(0x7400, 65281, PrivateClass), 0xF005, 0xF005),
        ("opcode 14, SOA", Message(0x7400, 6, PrivateClass), 0xF005, 0xF005),
        ("notify 2100", Message(0x2100, 6, 1), ControlOperation.Notify, 0xA105),
        ("notify 2000", Message(0x2000, 6, 1), ControlOperation.Notify, 0xA005),
        ("notify 2400", Message(0x2400, 6, 1), ControlOperation.Notify, 0xA005),
        ("notify 2500", Message(0x2500, 6, 1), ControlOperation.Notify, 0xA105),
        ("notify of type A", Message(0x2400, 1, 1), 0xA005, 0xA005),
        ("notify of class CH", Message(0x2400, 6, 3), 0xA005, 0xA005),
        ("query", Message(0x0100, 6, 1), RequestDisposition.Relay, 0x8105),
        ("query without RD", Message(0x0000, 1, 1), RequestDisposition.Relay, 0x8005),
        ("query with EDNS", Message(0x0100, 1, 1, additional: Opt()), RequestDisposition.Relay, 0x8105),
        ("query with EDNS of the future", Message(0x0000, 1, 1, additional: Opt(1)), 0x8000, 0x8005),
        ("query signed by a foreign key", Message(0x0100, 1, 1, additional: Tsig("foreign.")), RequestDisposition.Relay, 0x8105),
        ("query signed by our key", Message(0x0100, 1, 1, additional: Tsig("good.")), RequestDisposition.Relay, 0x8105),
        ("query of class CH", Message(0x0100, 16, 3, "version.bind."), 0x8105, 0x8105),
        ("query of class ANY", Message(0x0100, 1, 255), 0x8105, 0x8105),
        ("AXFR", Message(0x0000, 252, 1), 0x8005, 0x8005),
        ("IXFR", Message(0x0000, 251, 1), 0x8005, 0x8005),
        ("IQUERY", Message(0x0800, 1, 1), 0x8804, 0x8804),
        ("STATUS", Message(0x1000, 1, 1), 0x9004, 0x9004),
        ("opcode 3", Message(0x1800, 1, 1), 0x9804, 0x9804),
        ("UPDATE", Message(0x2800, 6, 1), 0xA804, 0xA804),
        ("UPDATE signed by our key", Message(0x2800, 6, 1, additional: Tsig("good.")), 0xA804, 0xA804),
        ("UPDATE signed by a foreign key", Message(0x2800, 6, 1, additional: Tsig("foreign.")), 0xA809, 0xA809),
        ("opcode 14, SOA, signed by our key", Message(0x7400, 6, PrivateClass, additional: Tsig("good.")), 0xF005, 0xF005),
        ("opcode 14, SOA, signed by a foreign key", Message(0x7400, 6, PrivateClass, additional: Tsig("foreign.")), 0xF009, 0xF009),
        ("DSO", [0x12, 0x34, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0xB004, 0xB004),
        ("opcode 15", Message(0x7800, 1, 1), 0xF804, 0xF804),
        ("unknown opcode with a broken body", [0x12, 0x34, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xFF], 0xA804, 0xA804),
        ("no question", [0x12, 0x34, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0x8101, 0x8101),
        ("two questions", Message(0x7400, CreateType, PrivateClass, questions: 2), 0xF001, 0xF001),
        ("trailing octet", [.. Message(0x7400, CreateType, PrivateClass), 0], 0xF001, 0xF001),
        ("cut in the question", Message(0x7400, CreateType, PrivateClass)[..^1], 0xF001, 0xF001),
        ("cut in the name", Message(0x0100, 1, 1)[..15], 0x8101, 0x8101),
        ("header only with a count", Message(0x2400, 6, 1)[..12], 0xA001, 0xA001),
        ("name points at itself", [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1], 0x8101, 0x8101),
        ("two OPTs", TwoRecords(Opt(), Opt()), 0x8101, 0x8101),
        ("broken OPT", Message(0x0100, 1, 1, additional: [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 9]), 0x8101, 0x8101),
        ("TSIG not last", TwoRecords(Tsig("good."), Opt()), 0x8101, 0x8101),
        ("answer", Message(0xF400, CreateType, PrivateClass), RequestDisposition.Silence, RequestDisposition.Silence),
        ("answer to a query", Message(0x8180, 1, 1), RequestDisposition.Silence, RequestDisposition.Silence),
        ("eleven octets", Message(0x7400, CreateType, PrivateClass)[..11], RequestDisposition.Silence, RequestDisposition.Silence),
        ("nothing", [], RequestDisposition.Silence, RequestDisposition.Silence),
        ("create signed by our key", Message(0x7400, CreateType, PrivateClass, additional: Tsig("good.")),
            ControlOperation.Create, ControlOperation.Create),
        ("notify signed by our key", Message(0x2400, 6, 1, additional: Tsig("good.")), ControlOperation.Notify, ControlOperation.Notify),
        ("create signed by a foreign key", Message(0x7400, CreateType, PrivateClass, additional: Tsig("foreign.")), 0xF009, 0xF009),
        ("notify signed by a foreign key", Message(0x2400, 6, 1, additional: Tsig("foreign.")), 0xA009, 0xA009),
        ("delete with a broken TSIG", Message(0x7400, DeleteType, PrivateClass, additional: Tsig("broken.")), 0xF001, 0xF001),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_message_gets_its_answer(string name)
    {
        (string _, byte[] message, object allowed, object otherwise) = Rows.Single(row => row.Name == name);
        Check(message, Friend, allowed);
        Check(message, Stranger, otherwise);
        Check(message, "::ffff:" + Friend, allowed);
    }

    [Fact]
    public void Transfers_are_for_allow_transfer_and_TCP()
    {
        byte[] axfr = Message(0x0000, 252, 1, "Example.COM.");
        RequestOutcome outcome = Run(axfr, From("10.0.0.2", AnswerTransport.Tcp), out _);
        Assert.Equal(RequestDisposition.TransferOut, outcome.Disposition);
        Assert.Equal("Example.COM.", outcome.Transfer!.Zone.ToString());
        Assert.Null(outcome.Transfer.ClientSerial);
        Check(axfr, "10.0.0.2", 0x8001);
        Check(Message(0x0000, 251, 1), "10.0.0.2", 0x8200);
        Check(Message(0x0000, 252, 1, additional: Tsig("foreign.")), "10.0.0.2", 0x8009);
        RequestOutcome signed = Run(Message(0x0000, 251, 1, additional: Tsig("good.")), From(Stranger, AnswerTransport.Tcp), out _);
        Assert.Equal(RequestDisposition.TransferOut, signed.Disposition);
        Assert.Equal(Requests.MarkAuthenticator.GoodKey, signed.Transfer!.Authentication.KeyName);
    }

    [Fact]
    public void Control_by_UDP_is_refused_where_TCP_is_asked_for()
    {
        ListenerPolicy policy = Policy with { ControlNeedsTcp = true };
        byte[] create = Message(0x7400, CreateType, PrivateClass);
        Assert.Equal(RequestDisposition.Reply, Run(create, From(Friend), out byte[] refused, policy).Disposition);
        Assert.Equal(0xF005, FlagsOf(refused));
        Assert.NotNull(Run(create, From(Friend, AnswerTransport.Tcp), out _, policy).Control);
        Assert.NotNull(Run(Message(0x2400, 6, 1), From(Friend), out _, policy).Control);
    }

    /// <summary>A signature is looked at first, so that whoever has the wrong key learns of that and not of the transport.</summary>
    [Theory]
    [InlineData("good.", Friend, 0xF005, 'S')]
    [InlineData("good.", Stranger, 0xF005, 'S')]
    [InlineData("foreign.", Friend, 0xF009, 'E')]
    [InlineData("foreign.", Stranger, 0xF009, 'E')]
    public void A_refusal_of_the_transport_stands_behind_the_signature(string key, string client, int flags, char mark)
    {
        ListenerPolicy policy = Policy with { ControlNeedsTcp = true, TransferNeedsTls = true };
        foreach (ushort type in (ushort[])[CreateType, DeleteType])
        {
            byte[] message = Message(0x7400, type, PrivateClass, additional: Tsig(key));
            Assert.Equal(RequestDisposition.Reply, Run(message, From(client), out byte[] reply, policy).Disposition);
            Assert.Equal(flags, FlagsOf(reply));
            Assert.Equal((byte)mark, reply[^1]);
        }

        RequestSource byTcp = From(client, AnswerTransport.Tcp);
        Assert.Equal(RequestDisposition.Reply, Run(Message(0, 252, 1, additional: Tsig(key)), byTcp, out byte[] cut, policy).Disposition);
        Assert.Equal(flags & 0x800F, FlagsOf(cut));
        Assert.Equal((byte)mark, cut[^1]);
        RequestOutcome create = Run(Message(0x7400, CreateType, PrivateClass, additional: Tsig(key)), byTcp, out _, policy);
        Assert.Equal(mark == 'S', create.Disposition == RequestDisposition.Control);
    }

    [Fact]
    public void The_answer_carries_the_question_as_sent_and_an_OPT_of_ours()
    {
        byte[] create = Message(0x7400, CreateType, PrivateClass, "eXaMple.COM.", Opt(dnssecOk: true));
        Run(create, From(Stranger), out byte[] refused);
        var reader = new MessageReader(refused);
        Assert.Equal(Id, reader.Header.Id);
        Assert.True(reader.TryReadQuestion(out QuestionView question));
        Assert.Equal("eXaMple.COM.", question.ToName()!.ToString());
        Assert.Equal(WireError.None, EdnsView.Find(refused, out EdnsView edns));
        Assert.Equal(RequestPipeline.PayloadBytes, edns.PayloadSize);
        Assert.Equal(0, edns.Version);
        Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out _));
        Assert.Equal(ExtendedErrorCode.Prohibited, code);
    }

    [Fact]
    public void A_future_EDNS_version_is_BADVERS()
    {
        Run(Message(0x0100, 1, 1, additional: Opt(1)), From(Friend), out byte[] answer);
        EdnsView.Find(answer, out EdnsView edns);
        Assert.Equal(ResponseCode.BadVers, edns.ExtendResponseCode(ResponseCode.NoError));
    }

    [Fact]
    public void Answers_to_signed_requests_are_signed()
    {
        Run(Message(0x7400, CreateType, PrivateClass, additional: Tsig("foreign.")), From(Friend), out byte[] failed);
        Assert.Equal((byte)'E', failed[^1]);
        var policy = new ListenerPolicy();
        Run(Message(0x7400, CreateType, PrivateClass, additional: Tsig("good.")), From(Friend), out byte[] refused, policy);
        Assert.Equal(0xF005, FlagsOf(refused));
        Assert.Equal((byte)'S', refused[^1]);
    }

    [Fact]
    public void A_notify_may_hint_at_a_serial()
    {
        byte[] soa = [0xC0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, 0, 0, 0x30, 0x39, .. new byte[16]];
        byte[] notify = [.. Message(0x2400, 6, 1), .. soa];
        notify[7] = 1;
        Assert.Equal(12345u, Run(notify, From(Friend), out _).Control!.SerialHint);
        Assert.Null(Run(Message(0x2400, 6, 1), From(Friend), out _).Control!.SerialHint);
    }

    [Fact]
    public void Random_octets_never_throw_and_never_reach_a_zone_from_strangers()
    {
        var random = new Random(20261);
        byte[][] seeds = [.. Rows.Select(row => row.Message)];
        byte[] reply = new byte[RequestPipeline.PayloadBytes];
        var pipeline = new RequestPipeline(Policy, new PipelineParts { Authenticator = new MarkAuthenticator() });
        RequestSource source = From(Stranger);
        for (int round = 0; round < 50_000; round++)
        {
            byte[] message = [.. seeds[random.Next(seeds.Length)], .. new byte[random.Next(4)]];
            for (int change = random.Next(6); change > 0 && message.Length > 0; change--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }
            RequestOutcome outcome = pipeline.Process(message, source, reply, round);
            bool isSigned = message.AsSpan().IndexOf(Requests.MarkAuthenticator.GoodKey.Wire) >= 0;
            Assert.True(isSigned || outcome.Disposition is RequestDisposition.Silence or RequestDisposition.Reply);
        }
    }

    private static RequestOutcome Run(byte[] message, RequestSource source, out byte[] reply, ListenerPolicy? policy = null)
    {
        var pipeline = new RequestPipeline(policy ?? Policy, new PipelineParts { Authenticator = new MarkAuthenticator() });
        byte[] buffer = new byte[RequestPipeline.PayloadBytes];
        RequestOutcome outcome = pipeline.Process(message, source, buffer, 0);
        reply = buffer[..outcome.ReplyLength];
        return outcome;
    }

    private static void Check(byte[] message, string client, object expected)
    {
        RequestOutcome outcome = Run(message, From(client), out byte[] reply);
        switch (expected)
        {
            case int flags:
                Assert.Equal(RequestDisposition.Reply, outcome.Disposition);
                Assert.Equal(flags.ToString("X4"), FlagsOf(reply).ToString("X4"));
                Assert.Equal(message[..2], reply[..2]);
                break;
            case ControlOperation operation:
                Assert.Equal(RequestDisposition.Control, outcome.Disposition);
                Assert.Equal(operation, outcome.Control!.Operation);
                Assert.Equal(DomainName.Parse("example.com."), outcome.Control.Zone);
                break;
            default:
                Assert.Equal(expected, outcome.Disposition);
                break;
        }
    }

    private static byte[] TwoRecords(byte[] first, byte[] second)
    {
        byte[] message = [.. Message(0x0100, 1, 1), .. first, .. second];
        message[11] = 2;
        return message;
    }
}
