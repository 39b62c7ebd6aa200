using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Transfers;

public sealed class SoaAnswerTests
{
    private const ushort Id = 7;
    private static readonly DomainName Parent = DomainName.Parse("org.");

    [Theory]
    [InlineData(0x8400, "soa", SoaAnswerKind.Authoritative, SoaAnswerCause.Soa)]
    [InlineData(0x8500, "soa", SoaAnswerKind.Authoritative, SoaAnswerCause.Soa)]
    [InlineData(0x8000, "soa", SoaAnswerKind.CannotTell, SoaAnswerCause.NotAuthoritative)]
    [InlineData(0x8180, "soa", SoaAnswerKind.CannotTell, SoaAnswerCause.NotAuthoritative)]
    [InlineData(0x8005, "", SoaAnswerKind.Absent, SoaAnswerCause.ErrorCodeOfAbsence)]
    [InlineData(0x8009, "", SoaAnswerKind.Absent, SoaAnswerCause.ErrorCodeOfAbsence)]
    [InlineData(0x8403, "authority parent soa", SoaAnswerKind.Absent, SoaAnswerCause.ErrorCodeOfAbsence)]
    [InlineData(0x8000, "authority ns", SoaAnswerKind.Absent, SoaAnswerCause.Referral)]
    [InlineData(0x8400, "authority parent soa", SoaAnswerKind.Absent, SoaAnswerCause.NoSuchApex)]
    [InlineData(0x8400, "parent soa", SoaAnswerKind.Absent, SoaAnswerCause.NoSuchApex)]
    [InlineData(0x8400, "", SoaAnswerKind.Absent, SoaAnswerCause.NoSuchApex)]
    [InlineData(0x8000, "", SoaAnswerKind.CannotTell, SoaAnswerCause.Empty)]
    [InlineData(0x8002, "", SoaAnswerKind.CannotTell, SoaAnswerCause.ErrorCode)]
    [InlineData(0x8001, "", SoaAnswerKind.CannotTell, SoaAnswerCause.ErrorCode)]
    [InlineData(0x8600, "", SoaAnswerKind.CannotTell, SoaAnswerCause.Truncated)]
    [InlineData(0x0400, "soa", SoaAnswerKind.CannotTell, SoaAnswerCause.NotOurs)]
    [InlineData(0xA400, "soa", SoaAnswerKind.CannotTell, SoaAnswerCause.NotOurs)]
    [InlineData(0x8400, "broken soa", SoaAnswerKind.CannotTell, SoaAnswerCause.Malformed)]
    public void Answers_are_judged(int flags, string content, SoaAnswerKind kind, SoaAnswerCause cause)
    {
        SoaAnswer answer = SoaAnswer.Read(Message((ushort)flags, content), Apex, Id);
        Assert.Equal((kind, cause), (answer.Kind, answer.Cause));
        Assert.Equal(kind == SoaAnswerKind.Authoritative ? 99u : 0u, answer.Serial);
        Assert.NotEmpty(answer.Text());
    }

    [Fact]
    public void The_answer_to_something_else_tells_nothing()
    {
        byte[] message = Message(0x8400, "soa");
        Assert.Equal(SoaAnswerCause.NotOurs, SoaAnswer.Read(message, Apex, 8).Cause);
        Assert.Equal(SoaAnswerCause.NotOurs, SoaAnswer.Read(message, Parent, Id).Cause);
        Assert.Equal(SoaAnswerCause.Malformed, SoaAnswer.Read([.. message, 0], Apex, Id).Cause);
        Assert.Equal(SoaAnswerCause.Malformed, SoaAnswer.Read(message.AsSpan(0, message.Length - 1), Apex, Id).Cause);
        Assert.Equal(SoaAnswerCause.Malformed, SoaAnswer.Read(message.AsSpan(0, 3), Apex, Id).Cause);
    }

    [Fact]
    public void Damage_never_throws()
    {
        var random = new Random(3);
        for (int round = 0; round < 20000; round++)
        {
            byte[] message = Message(0x8400, "soa");
            for (int damage = 0; damage < 3; damage++)
                message[random.Next(message.Length)] = (byte)random.Next(256);
            SoaAnswer answer = SoaAnswer.Read(message, Apex, Id);
            Assert.True(answer.Serial == 0 || answer.Kind == SoaAnswerKind.Authoritative);
        }
    }

    [Fact]
    public void Questions_have_the_shape_of_their_standards()
    {
        var buffer = new byte[TransferQuery.BufferSize];
        int length = TransferQuery.WriteIxfr(buffer, Apex, Id, 0xFFFFFFF0, withExpire: true);
        var reader = new MessageReader(buffer.AsSpan(0, length));
        Assert.Equal(new MessageHeader(Id, 0, 1, 0, 1, 1), reader.Header);
        Assert.True(reader.TryReadQuestion(out QuestionView question));
        Assert.Equal((RecordType.IXFR, RecordClass.IN), (question.Type, question.Class));
        Assert.True(question.NameEquals(Apex.Wire));
        Assert.True(reader.TryReadRecord(out RecordView soa));
        Assert.Equal((MessageSection.Authority, RecordType.SOA), (soa.Section, soa.Type));
        Assert.Equal(U32(0xFFFFFFF0), soa.Rdata.Slice(2, 4).ToArray());
        Assert.True(reader.TryReadRecord(out RecordView opt));
        Assert.Equal(RecordType.OPT, opt.Type);
        Assert.True(reader.AtEnd);

        length = TransferQuery.WriteAxfr(buffer, Apex, Id);
        Assert.Equal("000700000001000000000000074578616d706c65036f72670000fc0001", Convert.ToHexStringLower(buffer.AsSpan(0, length)));
        length = TransferQuery.WriteSoa(buffer, Apex, Id, withEdns: false);
        Assert.Equal("000700000001000000000000074578616d706c65036f72670000060001", Convert.ToHexStringLower(buffer.AsSpan(0, length)));
    }

    private static byte[] Message(ushort flags, string content)
    {
        var writer = new MessageWriter(new byte[512], Id, flags);
        writer.TryWriteQuestion(Apex, RecordType.SOA);
        bool isAuthority = content.StartsWith("authority", StringComparison.Ordinal);
        MessageSection section = isAuthority ? MessageSection.Authority : MessageSection.Answer;
        DomainName owner = content.Contains("parent", StringComparison.Ordinal) ? Parent : Apex;
        byte[]? rdata = content.Split(' ')[^1] switch
        {
            "soa" => content.StartsWith("broken", StringComparison.Ordinal) ? [0, 0, 1] : Soa(99),
            "ns" => Name("ns.example.net."),
            _ => null,
        };
        RecordType type = content.EndsWith("ns", StringComparison.Ordinal) ? RecordType.NS : RecordType.SOA;
        if (rdata is not null)
            Assert.True(writer.TryWriteRecord(section, owner.Wire, type, RecordClass.IN, 60, rdata));
        return writer.Written.ToArray();
    }
}
