using System.Text;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

public class MessageTests
{
    private static readonly DomainName Zone = DomainName.Parse("Example.com.");
    private static readonly DomainName Mail = DomainName.Parse("mail.Example.com.");

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        Span<byte> buffer = stackalloc byte[512];
        var flags = MessageHeader.ComposeFlags(Opcode.Notify, ResponseCode.Refused, MessageHeader.ResponseFlag);
        var writer = new MessageWriter(buffer, id: 0x1234, flags);
        byte[] exchange = [0, 10, .. Mail.Wire];
        Assert.True(writer.TryWriteQuestion(Zone, RecordType.SOA));
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, Zone.Wire, RecordType.MX, RecordClass.IN, 300, exchange));
        Assert.True(writer.TryWriteRecord(MessageSection.Additional, Mail.Wire, RecordType.A, RecordClass.IN, 0xFFFFFFFF, [192, 0, 2, 1]));

        var reader = new MessageReader(writer.Written);
        Assert.Equal(0x1234, reader.Header.Id);
        Assert.Equal(Opcode.Notify, reader.Header.Opcode);
        Assert.Equal(ResponseCode.Refused, reader.Header.ResponseCode);
        Assert.True(reader.Header.IsResponse);
        Assert.True(reader.TryReadQuestion(out var question));
        Assert.Equal(Zone.ToString(), question.ToName()!.ToString());
        Assert.False(reader.TryReadQuestion(out _));
        Assert.True(reader.TryReadRecord(out var mx));
        Assert.Equal(MessageSection.Answer, mx.Section);
        Assert.True(mx.OwnerEquals(Zone.Fold().Wire));
        Assert.False(mx.OwnerEquals(Mail.Wire));
        Assert.Equal(2 + 5 + 2, mx.RdataLength); // preference, "mail", pointer
        Span<byte> rdata = stackalloc byte[mx.RdataLength + RdataExpander.MaximumGrowth];
        Assert.Equal(WireError.None, RdataExpander.Expand(mx, rdata, out var length));
        Assert.Equal(exchange, rdata[..length].ToArray());
        Assert.True(reader.TryReadRecord(out var address));
        Assert.Equal(MessageSection.Additional, address.Section);
        Assert.Equal(0u, address.TtlSeconds);
        Assert.False(reader.TryReadRecord(out _));
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void CompressionKeepsTheCaseOfEveryName()
    {
        Span<byte> buffer = stackalloc byte[512];
        var writer = new MessageWriter(buffer);
        Assert.True(writer.TryWriteQuestion(Zone, RecordType.A));
        var other = DomainName.Parse("example.COM.");
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, other.Wire, RecordType.A, RecordClass.IN, 1, [1, 2, 3, 4]));
        var reader = new MessageReader(writer.Written);
        Assert.True(reader.TryReadRecord(out var record));
        Span<byte> owner = stackalloc byte[255];
        Assert.True(record.TryCopyOwner(owner, out var length));
        Assert.Equal(other.Wire.ToArray(), owner[..length].ToArray());
    }

    [Fact]
    public void AnAppendThatDoesNotFitLeavesNoTrace()
    {
        Span<byte> buffer = stackalloc byte[60];
        var writer = new MessageWriter(buffer);
        Assert.True(writer.TryWriteQuestion(Zone, RecordType.A));
        var before = writer.Written.ToArray();
        Assert.False(writer.TryWriteRecord(MessageSection.Answer, Mail.Wire, RecordType.TXT, RecordClass.IN, 1, new byte[40]));
        Assert.Equal(before, writer.Written.ToArray());
        writer.Reserve(writer.Available);
        Assert.False(writer.TryWriteOpt(1232));
        writer.Reserve(0);
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, Mail.Wire, RecordType.A, RecordClass.IN, 1, [1, 2, 3, 4]));
        var reader = new MessageReader(writer.Written);
        Assert.True(reader.TryReadRecord(out var record));
        Assert.True(record.OwnerEquals(Mail.Wire));
    }

    [Fact]
    public void ALongTransferMessageStaysReadable()
    {
        var buffer = new byte[65535];
        var writer = new MessageWriter(buffer);
        var count = 0;
        while (true)
        {
            var owner = DomainName.Parse($"host-{count}.sub{count % 97}.Example.com.");
            byte[] soa = [.. owner.Wire, .. Mail.Wire, .. new byte[20]];
            if (!writer.TryWriteRecord(MessageSection.Answer, owner.Wire, RecordType.SOA, RecordClass.IN, (uint)count, soa)) break;
            count++;
        }

        Assert.InRange(count, 800, 2000);
        var reader = new MessageReader(writer.Written);
        var rdata = new byte[65535];
        for (var i = 0; i < count; i++)
        {
            var owner = DomainName.Parse($"host-{i}.sub{i % 97}.Example.com.");
            Assert.True(reader.TryReadRecord(out var record));
            Assert.Equal((uint)i, record.Ttl);
            Assert.True(record.OwnerEquals(owner.Wire));
            Assert.Equal(WireError.None, RdataExpander.Expand(record, rdata, out var length));
            Assert.Equal((byte[])[.. owner.Wire, .. Mail.Wire, .. new byte[20]], rdata[..length]);
        }

        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData(600, 256)]
    [InlineData(60, 31)]
    [InlineData(12 + 11 + 6, 0)]
    public void AnErrorTextThatIsTooLongLosesItsEnd(int bufferBytes, int textBytes)
    {
        var writer = new MessageWriter(new byte[bufferBytes]);
        Assert.True(writer.TryWriteOpt(1232));
        Assert.True(writer.TryWriteExtendedError(ExtendedErrorCode.Prohibited, new string('t', 1000)));

        Assert.Equal(WireError.None, EdnsView.Find(writer.Written, out var edns));
        Assert.True(edns.TryGetExtendedError(out _, out var text));
        Assert.Equal(new string('t', Math.Max(0, textBytes - 3)) + "..."[..Math.Min(3, textBytes)], Encoding.ASCII.GetString(text));
    }

    [Fact]
    public void OwnersPointToTheQuestionThatWasEchoed()
    {
        var name = DomainName.Parse(string.Concat(Enumerable.Repeat(new string('n', 62) + ".", 4)));
        var request = new MessageWriter(new byte[512]);
        Assert.True(request.TryWriteQuestion(name, RecordType.A));
        var reply = new MessageWriter(new byte[512]);
        Assert.True(reply.TryEchoQuestions(request.Written));
        var before = reply.Length;

        Assert.True(reply.TryWriteRecord(MessageSection.Answer, name.Wire, RecordType.A, RecordClass.IN, 1, [192, 0, 2, 1]));

        Assert.Equal(2 + 10 + 4, reply.Length - before);
        var reader = new MessageReader(reply.Written);
        Assert.True(reader.TryReadRecord(out var record));
        Assert.True(record.OwnerEquals(name.Wire));
    }

    [Theory]
    [InlineData("c00c", false)]
    [InlineData("c000", false)]
    [InlineData("c010", false)]
    [InlineData("ffff", false)]
    [InlineData("0161c00c", false)]
    [InlineData("00", true)]
    [InlineData("02c00c00", true)]
    [InlineData("0161c100", false)]
    [InlineData("0161016200", true)]
    public void OnlyANameThatCanBeReadIsEchoed(string name, bool isEchoed)
    {
        byte[] request = [0, 7, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Convert.FromHexString(name), 0, 1, 0, 1];
        var reply = new byte[512];
        var length = ReplyWriter.Write(request, reply, ResponseCode.FormErr, authoritative: false);

        Assert.Equal(isEchoed ? request.Length : MessageHeader.Size, length);
        Assert.Equal(isEchoed ? 1 : 0, new MessageReader(reply.AsSpan(0, length)).Header.QuestionCount);
    }

    [Fact]
    public void APointerToAnEarlierQuestionIsEchoed()
    {
        byte[] request = [0, 7, 0x01, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 1, 0, 1, 0xC0, 12, 0, 1, 0, 1];
        var reply = new byte[512];
        Assert.Equal(request.Length, ReplyWriter.Write(request, reply, ResponseCode.FormErr, authoritative: false));
        request[20] = 19;
        Assert.Equal(MessageHeader.Size, ReplyWriter.Write(request, reply, ResponseCode.FormErr, authoritative: false));
    }

    [Fact]
    public void EdnsIsReadBack()
    {
        Span<byte> buffer = stackalloc byte[512];
        var writer = new MessageWriter(buffer, flags: MessageHeader.ComposeFlags(Opcode.Query, ResponseCode.BadCookie));
        Assert.True(writer.TryWriteOpt(1232, dnssecOk: true, ResponseCode.BadCookie, version: 0));
        Assert.True(writer.TryWriteOption(EdnsOptionCode.Cookie, "12345678"u8));
        Assert.True(writer.TryWriteExtendedError(ExtendedErrorCode.Prohibited, "not for you"));

        Assert.Equal(WireError.None, EdnsView.Find(writer.Written, out var edns));
        Assert.True(edns.IsPresent);
        Assert.True(edns.DnssecOk);
        Assert.Equal(1232, edns.PayloadSize);
        Assert.Equal(0, edns.Version);
        Assert.Equal(ResponseCode.BadCookie, edns.ExtendResponseCode(new MessageReader(writer.Written).Header.ResponseCode));
        Assert.True(edns.TryGetOption(EdnsOptionCode.Cookie, out var cookie));
        Assert.Equal("12345678"u8.ToArray(), cookie.ToArray());
        Assert.True(edns.TryGetExtendedError(out var code, out var text));
        Assert.Equal(ExtendedErrorCode.Prohibited, code);
        Assert.Equal("not for you"u8.ToArray(), text.ToArray());
        Assert.False(edns.TryGetOption(EdnsOptionCode.Expire, out _));
    }

    [Theory]
    [InlineData("00 0029 0400 00000000 0003 000a00", WireError.BadOpt)] // option head cut
    [InlineData("00 0029 0400 00000000 0004 000a0001", WireError.BadOpt)] // option longer than the record
    [InlineData("0161 00 0029 0400 00000000 0000", WireError.BadOpt)] // not at the root
    [InlineData("00 0029 0400 00000000 0000 00 0029 0400 00000000 0000", WireError.DuplicateOpt)]
    [InlineData("00 0029 0400 00000000 0005", WireError.Truncated)]
    public void BadOptIsNamed(string records, WireError expected)
    {
        var bytes = Convert.FromHexString(records.Replace(" ", ""));
        var count = expected == WireError.DuplicateOpt ? 2 : 1;
        byte[] message = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)count, .. bytes];
        Assert.Equal(expected, EdnsView.Find(message, out _));
    }

    [Theory]
    [InlineData("1234 2100 0001 0000 0000 0000 076578616d706c6503636f6d00 0006 0001", ResponseCode.NoError, true, "a500")]
    [InlineData("1234 2100 0001 0000 0000 0000 076578616d706c6503636f6d00 0006 0001", ResponseCode.Refused, false, "a105")]
    [InlineData("1234 7400 0001 0000 0000 0000 076578616d706c6503636f6d00 ff02 ff00", ResponseCode.NoError, true, "f400")]
    [InlineData("1234 7400 0001 0000 0000 0000 076578616d706c6503636f6d00 ff03 ff00", ResponseCode.ServFail, true, "f402")]
    public void RepliesEchoTheRequest(string requestHex, ResponseCode code, bool authoritative, string flags)
    {
        var request = Convert.FromHexString(requestHex.Replace(" ", ""));
        var reply = new byte[ReplyWriter.SizeHint];
        var length = ReplyWriter.Write(request, reply, code, authoritative);
        var expected = request.ToArray();
        Convert.FromHexString(flags).CopyTo(expected, 2);
        Assert.Equal(expected, reply[..length]);
    }

    [Fact]
    public void AReplyCarriesAnOptOnlyIfTheRequestDid()
    {
        Span<byte> buffer = stackalloc byte[512];
        var request = new MessageWriter(buffer, 7);
        request.TryWriteQuestion(Zone, (RecordType)65282, RecordClass.CommandAndControl);
        var reply = new byte[ReplyWriter.SizeHint];
        var plain = ReplyWriter.Write(request.Written, reply, ResponseCode.Refused, false, 1232, ExtendedErrorCode.Prohibited, "no");
        Assert.Equal(request.Length, plain);
        request.TryWriteOpt(4096);
        var extended = ReplyWriter.Write(request.Written, reply, ResponseCode.BadVers, false, 8192, ExtendedErrorCode.Prohibited, "no");
        Assert.Equal(WireError.None, EdnsView.Find(reply.AsSpan(0, extended), out var edns));
        Assert.Equal(8192, edns.PayloadSize);
        Assert.Equal(ResponseCode.BadVers, edns.ExtendResponseCode(ResponseCode.NoError));
        Assert.True(edns.TryGetExtendedError(out _, out _));
    }

    [Fact]
    public void AMalformedQuestionIsAnsweredWithoutIt()
    {
        byte[] request = [1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 1];
        var reply = new byte[64];
        Assert.Equal(12, ReplyWriter.Write(request, reply, ResponseCode.FormErr, false));
        Assert.Equal((byte[])[1, 2, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0], reply[..12]);
        Assert.Equal(0, ReplyWriter.Write(request.AsSpan(0, 11), reply, ResponseCode.FormErr, false));
    }

    [Fact]
    public void AllQuestionsAreEchoedWithTheirPointers()
    {
        byte[] request = [1, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 6, 0, 1, 1, 98, 0xC0, 12, 0, 6, 0, 1];
        var reply = new byte[64];
        Assert.Equal(request.Length, ReplyWriter.Write(request, reply, ResponseCode.Refused, false));
        Assert.Equal(request[4..], reply[4..request.Length]);
        var reader = new MessageReader(reply.AsSpan(0, request.Length));
        Assert.True(reader.TryReadQuestion(out _));
        Assert.True(reader.TryReadQuestion(out var second));
        Assert.Equal("b.a.", second.ToName()!.ToString());
    }

    [Theory]
    [InlineData(RecordType.MX, "00")] // ends before the name
    [InlineData(RecordType.MX, "000a 0161 00 00")] // a byte after the name
    [InlineData(RecordType.SOA, "00 00 0000")] // numbers missing
    [InlineData(RecordType.NS, "0161")] // the name leaves the data
    [InlineData(RecordType.NAPTR, "0000 0000 ff")] // a string leaves the data
    [InlineData(RecordType.NS, "")]
    public void RdataWithoutTheShapeOfItsTypeIsNamed(RecordType type, string hex)
    {
        var rdata = Convert.FromHexString(hex.Replace(" ", ""));
        byte[] head = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, (byte)type, 0, 1, 0, 0, 0, 0, 0, (byte)rdata.Length];
        byte[] message = [.. head, .. rdata, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        var reader = new MessageReader(message);
        Assert.True(reader.TryReadRecord(out var record));
        Assert.Equal(WireError.BadRdata, RdataExpander.Expand(record, new byte[1024], out _));
        Assert.True(reader.TryReadRecord(out _));
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void DeletionsInUpdatesMayHaveEmptyRdata()
    {
        byte[] message = [0, 0, 0x28, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, (byte)RecordType.MX, 0, (byte)RecordClass.ANY, 0, 0, 0, 0, 0, 0];
        var reader = new MessageReader(message);
        Assert.True(reader.TryReadRecord(out var record));
        Assert.Equal(MessageSection.Authority, record.Section);
        Assert.Equal(WireError.None, RdataExpander.Expand(record, new byte[16], out var length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void TheRdataOfNewerTypesIsNotCompressed()
    {
        byte[] service = [0, 1, 0, 2, 0, 3, .. Zone.Wire];
        var writer = new MessageWriter(new byte[512]);
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, Zone.Wire, RecordType.SRV, RecordClass.IN, 1, service));
        Assert.True(writer.TryWriteRecord(MessageSection.Answer, Zone.Wire, (RecordType)65400, RecordClass.IN, 1, Zone.Wire));
        var reader = new MessageReader(writer.Written);
        Assert.True(reader.TryReadRecord(out var first));
        Assert.Equal(service, first.Rdata.ToArray());
        Assert.True(reader.TryReadRecord(out var second));
        Assert.Equal(Zone.Wire.ToArray(), second.Rdata.ToArray());
    }
}
