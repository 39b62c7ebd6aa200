using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Transfers.TransferStreams;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Transfers;

public sealed class XfrMachineTests
{
    // What Designate's MiniDNS sends for example.com, serial 42.
    private const string MiniDnsAnswer =
        "123485000001000500000000076578616d706c6503636f6d0000fc0001c00c0006000100000e100022036e73310474657374000161c00c0000002a00000e1000"
        + "0002580001518000000e10c00c0002000100000e100002c02903777777c00c000100010000012c0004c0000201c059000100010000012c0004c0000202c00c00"
        + "06000100000e100018c029c0330000002a00000e10000002580001518000000e10";

    private static readonly PlainRecord Host = Record("www.example.org.", RecordType.A, 192, 0, 2, 1);

    [Fact]
    public void The_answer_of_MiniDNS_is_read()
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        var request = new XfrRequest { Apex = DomainName.Parse("example.com"), Id = Id };
        using var machine = new XfrMachine<ContentSink>(request, new ContentSink(builder));
        Assert.Equal(XfrStatus.Complete, machine.Step(Convert.FromHexString(MiniDnsAnswer)));
        Assert.Equal(42u, machine.RemoteSerial);
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        Assert.Equal(42u, content.Serial);
        Assert.Equal(new SoaTimers(3600, 600, 86400, 3600), content.Soa);
        Assert.Equal(
            ["example.com. SOA", "example.com. NS", "www.example.com. A", "www.example.com. A"],
            ReadRecords(content).Select(record => $"{record.Owner} {record.Type}"));
    }

    [Fact]
    public void An_IXFR_answered_with_a_whole_zone_is_a_snapshot()
    {
        var (status, _, events) = Run(Ixfr(5), Message([SoaRecord(7), Host, SoaRecord(7)], RecordType.IXFR));
        Assert.Equal(XfrStatus.Complete, status);
        Assert.Equal([EventSink.Line("snapshot", SoaRecord(7)), EventSink.Line("+", Host)], events);
    }

    [Theory]
    [InlineData(7, 7, false, XfrStatus.UpToDate)]
    [InlineData(9, 7, false, XfrStatus.UpToDate)]
    [InlineData(5, 7, true, XfrStatus.RetryOverTcp)]
    [InlineData(5, 7, false, XfrStatus.NeedMore)]
    [InlineData(4294967290, 3, false, XfrStatus.NeedMore)]
    [InlineData(3, 4294967290, false, XfrStatus.UpToDate)]
    public void A_single_SOA_answers_an_IXFR(uint ours, uint theirs, bool overUdp, XfrStatus expected)
    {
        var (status, _, events) = Run(Ixfr(ours) with { IsOverUdp = overUdp }, Message([SoaRecord(theirs)], RecordType.IXFR));
        Assert.Equal(expected, status);
        Assert.Empty(events);
    }

    [Fact]
    public void Differences_may_be_cut_at_every_record()
    {
        PlainRecord[] answer = [SoaRecord(3), SoaRecord(1), Host, SoaRecord(2), SoaRecord(2), SoaRecord(3), Host, SoaRecord(3)];
        string[] expected =
        [
            EventSink.Line("from", SoaRecord(1)), EventSink.Line("-", Host), EventSink.Line("to", SoaRecord(2)), "end",
            EventSink.Line("from", SoaRecord(2)), EventSink.Line("to", SoaRecord(3)), EventSink.Line("+", Host), "end",
        ];
        var (status, _, events) = Run(Ixfr(1), answer.Select((record, i) => Message([record], i == 0 ? RecordType.IXFR : null)));
        Assert.Equal(XfrStatus.Complete, status);
        Assert.Equal(expected, events);
    }

    public static TheoryData<string, XfrError> Breaches() => new()
    {
        { "query", XfrError.NotAResponse },
        { "id", XfrError.WrongId },
        { "opcode", XfrError.WrongOpcode },
        { "truncated", XfrError.Truncated },
        { "short", XfrError.BadMessage },
        { "no question", XfrError.WrongQuestionCount },
        { "two questions", XfrError.WrongQuestionCount },
        { "other question", XfrError.WrongQuestion },
        { "later question", XfrError.WrongQuestion },
        { "authority", XfrError.AuthorityNotEmpty },
        { "refused", XfrError.Refused },
        { "notauth", XfrError.Refused },
        { "servfail", XfrError.ErrorCode },
        { "empty", XfrError.EmptyAnswer },
        { "many empty", XfrError.TooManyEmptyMessages },
        { "no soa", XfrError.FirstRecordNotSoa },
        { "foreign soa", XfrError.SoaNotAtApex },
        { "inner soa", XfrError.SoaNotAtApex },
        { "bad soa", XfrError.BadRecord },
        { "closing differs", XfrError.ClosingSoaDiffers },
        { "serial changed", XfrError.SerialChangedInside },
        { "older", XfrError.SerialWentBack },
        { "bad record", XfrError.BadRecord },
        { "bad address", XfrError.BadRecord },
        { "bad address of IPv6", XfrError.BadRecord },
        { "class", XfrError.WrongClass },
        { "opt in answer", XfrError.NotZoneData },
        { "out of zone", XfrError.OutOfZone },
        { "after end", XfrError.RecordsAfterEnd },
        { "message after end", XfrError.RecordsAfterEnd },
        { "trailing", XfrError.TrailingBytes },
        { "too many", XfrError.TooManyRecords },
        { "too many foreign", XfrError.TooManyRecords },
        { "too large", XfrError.TooManyBytes },
        { "too large foreign", XfrError.TooManyBytes },
        { "cut", XfrError.BadMessage },
    };

    [Theory]
    [MemberData(nameof(Breaches))]
    public void Every_breach_fails_with_its_error(string breach, XfrError expected)
    {
        (XfrRequest request, byte[][] messages) = Breach(breach);
        var (status, error, _) = Run(request, messages);
        Assert.Equal(XfrStatus.Failed, status);
        Assert.Equal(expected, error);
        Assert.NotEmpty(error.Text());
        Assert.Equal(expected is XfrError.Refused or XfrError.ErrorCode ? "transfer-refused" : "transfer-broken", error.ReasonCode());
    }

    [Theory]
    [InlineData(0x8404, XfrError.ErrorCode)]
    [InlineData(0x8401, XfrError.ErrorCode)]
    [InlineData(0x8402, XfrError.ErrorCode)]
    [InlineData(0x8405, XfrError.Refused)]
    public void An_error_code_to_an_IXFR_falls_back_to_AXFR(int flags, XfrError expected)
    {
        var (status, error, _) = Run(Ixfr(1), Message([], RecordType.IXFR, (ushort)flags));
        Assert.Equal(XfrStatus.FallBackToAxfr, status);
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData(new uint[] { 3, 2, 3, 3 }, XfrError.DeltaChainBroken)]
    [InlineData(new uint[] { 3, 1, 1, 3 }, XfrError.DeltaOrder)]
    [InlineData(new uint[] { 3, 1, 4, 3 }, XfrError.DeltaOrder)]
    [InlineData(new uint[] { 3, 1, 2, 1 }, XfrError.DeltaChainBroken)]
    [InlineData(new uint[] { 3, 1, 2, 3 }, XfrError.DeltaChainBroken)]
    public void Inconsistent_differences_fall_back_to_AXFR(uint[] serials, XfrError expected)
    {
        var (status, error, _) = Run(Ixfr(1), Message(serials.Select(SoaRecord), RecordType.IXFR));
        Assert.Equal(XfrStatus.FallBackToAxfr, status);
        Assert.Equal(expected, error);
    }

    [Fact]
    public void A_lost_connection_is_an_end_too()
    {
        using var machine = new XfrMachine<EventSink>(Axfr, new EventSink([]));
        Assert.Equal(XfrStatus.NeedMore, machine.Step(Message([SoaRecord(1), Host])));
        Assert.Equal(XfrStatus.Failed, machine.ConnectionEnded());
        Assert.Equal(XfrError.ConnectionEnded, machine.Error);
        Assert.Equal(XfrStatus.Failed, machine.Step(Message([SoaRecord(1)], null)));
    }

    [Fact]
    public void Records_outside_the_zone_are_dropped_and_counted()
    {
        PlainRecord foreign = Record("www.example.com.", RecordType.A, 1, 2, 3, 4);
        using var machine = new XfrMachine<EventSink>(Axfr, new EventSink([]));
        Assert.Equal(XfrStatus.Complete, machine.Step(Message([SoaRecord(1), foreign, Host, SoaRecord(1)])));
        Assert.Equal(1, machine.OutOfZoneCount);
        Assert.Equal(2, machine.Sink.Events.Count);
    }

    [Fact]
    public void OPT_behind_the_answer_is_no_part_of_the_zone()
    {
        var writer = new MessageWriter(new byte[512], Id, 0x8400);
        writer.TryWriteQuestion(Apex, RecordType.AXFR);
        writer.TryWriteRecord(MessageSection.Answer, Apex.Wire, RecordType.SOA, RecordClass.IN, 3600, Soa(1));
        writer.TryWriteRecord(MessageSection.Answer, Apex.Wire, RecordType.SOA, RecordClass.IN, 3600, Soa(1));
        writer.TryWriteOpt(1232);
        Assert.Equal(XfrStatus.Complete, Run(Axfr, writer.Written.ToArray()).Status);
    }

    private static (XfrRequest Request, byte[][] Messages) Breach(string breach)
    {
        PlainRecord soa = SoaRecord(1);
        PlainRecord foreign = soa with { Owner = DomainName.Parse("example.net") };
        PlainRecord[] zone = [soa, Host, soa];
        byte[] first = Message([soa, Host]);
        byte[] whole = Message(zone);
        return breach switch
        {
            "query" => (Axfr, [Message(zone, flags: 0)]),
            "id" => (Axfr, [first, Message([soa], null, id: 9)]),
            "opcode" => (Axfr, [Message(zone, flags: 0xA400)]),
            "truncated" => (Axfr, [Message(zone, flags: 0x8600)]),
            "short" => (Axfr, [[1, 2, 3]]),
            "no question" => (Axfr, [Message(zone, null)]),
            "two questions" => (Axfr, [TwoQuestions()]),
            "other question" => (Axfr, [Message(zone, RecordType.IXFR)]),
            "later question" => (Axfr, [first, Message([soa], RecordType.SOA)]),
            "authority" => (Axfr, [WithAuthority()]),
            "refused" => (Axfr, [Message([], null, 0x8005)]),
            "notauth" => (Axfr, [Message([], null, 0x8009)]),
            "servfail" => (Axfr, [first, Message([], null, 0x8402)]),
            "empty" => (Axfr, [Message([])]),
            "many empty" => (Axfr, [first, .. Enumerable.Repeat(Message([], null), 17)]),
            "no soa" => (Axfr, [Message([Host])]),
            "foreign soa" => (Axfr, [Message([foreign])]),
            "inner soa" => (Axfr, [Message([soa, soa with { Owner = Host.Owner }])]),
            "bad soa" => (Axfr, [Message([soa, soa with { Rdata = [0, 0, 1] }])]),
            "closing differs" => (Axfr, [first, Message([soa with { Rdata = Soa(1, minimum: 5) }], null)]),
            "serial changed" => (Axfr, [first, Message([SoaRecord(2)], null)]),
            "older" => (Axfr with { OldestSerial = 2 }, [whole]),
            "bad record" => (Axfr, [Message([soa, Host with { Type = RecordType.MX, Rdata = [0, 1, 5, 1] }])]),
            "bad address" => (Axfr, [Message([soa, Host with { Rdata = [192, 0, 2] }])]),
            "bad address of IPv6" => (Axfr, [Message([soa, Host with { Type = RecordType.AAAA }])]),
            "class" => (Axfr, [OtherClass()]),
            "opt in answer" => (Axfr, [Message([soa, Host with { Type = RecordType.OPT }])]),
            "out of zone" => (Axfr with { FailOnOutOfZone = true }, [Message([soa, Record("x.", RecordType.A, 1, 2, 3, 4)])]),
            "after end" => (Axfr, [Message([soa, soa, Host])]),
            "message after end" => (Axfr, [whole, Message([Host], null)]),
            "trailing" => (Axfr, [[.. whole, 0]]),
            "too many" => (Axfr with { Limits = new ZoneContentLimits(2, 9999) }, [Message([soa, Host, Host])]),
            "too many foreign" => (Axfr with { Limits = new ZoneContentLimits(2, 9999) }, [Message([soa, foreign, foreign])]),
            "too large" => (Axfr with { Limits = new ZoneContentLimits(99, 100) }, [whole]),
            "too large foreign" => (Axfr with { Limits = new ZoneContentLimits(99, 100) }, [Message([soa, foreign, foreign])]),
            "cut" => (Axfr, [whole[..^3]]),
            _ => throw new ArgumentException(breach),
        };
    }

    private static byte[] TwoQuestions()
    {
        var writer = new MessageWriter(new byte[512], Id, 0x8400);
        writer.TryWriteQuestion(Apex, RecordType.AXFR);
        writer.TryWriteQuestion(Apex, RecordType.AXFR);
        return writer.Written.ToArray();
    }

    private static byte[] WithAuthority()
    {
        var writer = new MessageWriter(new byte[512], Id, 0x8400);
        writer.TryWriteQuestion(Apex, RecordType.AXFR);
        writer.TryWriteRecord(MessageSection.Answer, Apex.Wire, RecordType.SOA, RecordClass.IN, 1, Soa(1));
        writer.TryWriteRecord(MessageSection.Authority, Apex.Wire, RecordType.SOA, RecordClass.IN, 1, Soa(1));
        return writer.Written.ToArray();
    }

    private static byte[] OtherClass()
    {
        var writer = new MessageWriter(new byte[512], Id, 0x8400);
        writer.TryWriteQuestion(Apex, RecordType.AXFR);
        writer.TryWriteRecord(MessageSection.Answer, Apex.Wire, RecordType.SOA, RecordClass.CH, 1, Soa(1));
        return writer.Written.ToArray();
    }
}
