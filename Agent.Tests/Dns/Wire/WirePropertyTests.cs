using Agent.Dns.Records;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Agent.Tests.Dns.Wire;

/// <summary>What must hold for any bytes at all: nothing throws, nothing runs past its end, what is written is read back.</summary>
public class WirePropertyTests
{
    private static readonly Gen<byte> AnyByte = Gen.Choose(0, 255).Select(value => (byte)value);

    private static readonly Gen<byte[]> Labels =
        AnyByte.ArrayOf().Select(bytes => bytes.Take(63).ToArray()).Where(bytes => bytes.Length > 0);

    private static readonly Gen<DomainName> Names = Labels.ArrayOf().Select(labels =>
    {
        var name = DomainName.Root;
        foreach (var label in labels) name = name.TryPrepend(label, out var longer) ? longer : name;
        return name;
    });

    [Fact]
    public void NamesSurviveTheirText() => Prop.ForAll(Names.ToArbitrary(), name =>
    {
        var back = DomainName.Parse(name.ToString());
        return back.Wire.SequenceEqual(name.Wire) && back == name && back.StableHash == name.Fold().StableHash;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void NamesSurviveCompression() => Prop.ForAll(Names.ArrayOf().ToArbitrary(), names =>
    {
        var writer = new MessageWriter(new byte[ushort.MaxValue]);
        foreach (var name in names)
        {
            Assert.True(writer.TryWriteRecord(MessageSection.Answer, name.Wire, RecordType.NS, RecordClass.IN, 1, name.Wire));
        }

        var reader = new MessageReader(writer.Written);
        Span<byte> bytes = stackalloc byte[1024];
        foreach (var name in names)
        {
            Assert.True(reader.TryReadRecord(out var record));
            Assert.True(record.TryCopyOwner(bytes, out var length) && bytes[..length].SequenceEqual(name.Wire));
            Assert.Equal(WireError.None, RdataExpander.Expand(record, bytes, out length));
            Assert.True(bytes[..length].SequenceEqual(name.Wire));
        }

        return reader.AtEnd;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void OrderIsTotalAndAgreesWithEquality() => Prop.ForAll(Names.Three().ToArbitrary(), names =>
    {
        var (a, b, c) = names;
        Assert.Equal(Math.Sign(a.CompareTo(b)), -Math.Sign(b.CompareTo(a)));
        Assert.Equal(a == b, a.CompareTo(b) == 0);
        Assert.False(a.CompareTo(b) < 0 && b.CompareTo(c) < 0 && a.CompareTo(c) >= 0);
        Assert.True(a.IsSameOrBelow(a.Parent) && a.Parent.CompareTo(a) <= 0);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyBytesAreReadWithoutHarm() =>
        Prop.ForAll(AnyByte.ArrayOf().Select(bytes => (byte[])[.. new byte[12], .. bytes]).ToArbitrary(), bytes =>
        {
            // Counts that make the reader go on to the end of whatever stands there.
            for (var i = 5; i < 12; i += 2) bytes[i] = 3;
            ReadEverything(bytes);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void MutatedMessagesAreReadWithoutHarm()
    {
        var message = BuildMessage();
        var mutations = Gen.Zip(Gen.Choose(0, message.Length - 1), AnyByte).ArrayOf();
        var cases = Gen.Zip(mutations, Gen.Choose(0, message.Length));
        Prop.ForAll(cases.ToArbitrary(), mutation =>
        {
            var (changes, length) = mutation;
            var changed = message.ToArray();
            foreach (var (offset, value) in changes) changed[offset] = value;
            ReadEverything(changed);
            ReadEverything(changed.AsSpan(0, length));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void AnyRdataBecomesTextThatGivesItBack()
    {
        var types = Gen.Elements(Enum.GetValues<RecordType>());
        var cases = Gen.Zip(types, AnyByte.ArrayOf());
        using var buffer = new RecordTextBuffer();
        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var (type, rdata) = sample;
            buffer.Clear();
            RdataText.Write(type, rdata, buffer);
            var text = System.Text.Encoding.ASCII.GetString(buffer.Written);
            Assert.True(RdataParser.TryParse(type, text, null, out var back, out var error), $"{type} {text}: {error}");
            return back.AsSpan().SequenceEqual(rdata);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void AnyTextIsParsedOrRefused()
    {
        const string Alphabet = "0123456789abcdefXYZ.:;,=-+/!@#\\\"() \n\tTYPE";
        var texts = Gen.Elements(Alphabet.ToCharArray()).ArrayOf().Select(characters => new string(characters));
        var cases = Gen.Zip(Gen.Elements(Enum.GetValues<RecordType>()), texts);
        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var (type, text) = sample;
            return RdataParser.TryParse(type, text, DomainName.Root, out var rdata, out var error) ? rdata is not null : error.Length > 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static byte[] BuildMessage()
    {
        var zone = DomainName.Parse("example.com.");
        var writer = new MessageWriter(new byte[1024], 1);
        writer.TryWriteQuestion(zone, RecordType.AXFR);
        byte[] soa = [.. DomainName.Parse("ns.example.com.").Wire, .. DomainName.Parse("host.example.com.").Wire, .. new byte[20]];
        writer.TryWriteRecord(MessageSection.Answer, zone.Wire, RecordType.SOA, RecordClass.IN, 1, soa);
        byte[] exchange = [0, 1, .. DomainName.Parse("mx.example.com.").Wire];
        writer.TryWriteRecord(MessageSection.Answer, zone.Wire, RecordType.MX, RecordClass.IN, 1, exchange);
        writer.TryWriteOpt(1232);
        writer.TryWriteExtendedError(ExtendedErrorCode.NotReady, "not yet");
        var signed = new byte[2048];
        writer.Written.CopyTo(signed);
        var length = writer.Length;
        var key = new TsigKey(DomainName.Parse("key."), TsigAlgorithm.HmacSha256, "secret"u8);
        Assert.True(TsigSigner.TrySignRequest(signed, ref length, key, 1, new byte[64], out _));
        return signed[..length];
    }

    private static void ReadEverything(ReadOnlySpan<byte> message)
    {
        Span<byte> owner = stackalloc byte[255];
        var rdata = new byte[ushort.MaxValue];
        using var text = new RecordTextBuffer();
        var reader = new MessageReader(message);
        while (reader.TryReadQuestion(out var question)) question.ToName();
        var last = reader.Offset;
        while (reader.TryReadRecord(out var record))
        {
            Assert.True(reader.Offset > last && reader.Offset <= message.Length);
            last = reader.Offset;
            if (!record.TryCopyOwner(owner, out var ownerLength)) continue;
            Assert.True(record.OwnerEquals(owner[..ownerLength]));
            if (RdataExpander.Expand(record, rdata, out var length) != WireError.None) continue;
            RecordText.WriteLine(owner[..ownerLength], record.TtlSeconds, record.Class, record.Type, rdata.AsSpan(0, length), text);
            RdataCanonical.Fold(record.Type, rdata.AsSpan(0, length));
        }

        _ = EdnsView.Find(message, out _);
        _ = TsigVerifier.VerifyRequest(message, TsigKeyring.Empty, 1);
        _ = ReplyWriter.Write(message, new byte[ReplyWriter.SizeHint], ResponseCode.Refused, authoritative: false);
    }
}
