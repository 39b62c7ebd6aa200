using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>
/// Answers queries from the zones of a table, as an authoritative server that never asks elsewhere. What lies outside all zones is
/// REFUSED with the extended error "not authoritative"; what a restart has not loaded yet is SERVFAIL, "not ready". Answers are
/// minimal: additional records come with referrals only, ANY gets one set (RFC 8482).
/// </summary>
public sealed class EmbeddedAnswerer(EmbeddedZoneTable zones) : ILocalAnswerer
{
    private const ushort PayloadSize = 1232;
    private const int PlainUdpSize = 512;
    private const int OptSize = 11;

    // More rounds of SHA-1 than any standard ever allowed (RFC 5155 section 10.3) would let a zone's content stop the server.
    private const int MaximumIterations = 2500;

    /// <inheritdoc/>
    public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport)
    {
        if (response.Length < MessageHeader.Size)
            return 0;
        if (EdnsView.Find(query, out EdnsView edns) != WireError.None)
            return ReplyWriter.Write(query, response, ResponseCode.FormErr, authoritative: false, PayloadSize);
        if (edns.IsPresent && edns.Version != 0)
            return ReplyWriter.Write(query, response, ResponseCode.BadVers, authoritative: false, PayloadSize);
        var reader = new MessageReader(query);
        Span<byte> name = stackalloc byte[NameReader.MaximumLength];
        if (reader.Header.QuestionCount != 1 || !reader.TryReadQuestion(out QuestionView question)
            || !question.TryCopyName(name, out int nameLength))
            return ReplyWriter.Write(query, response, ResponseCode.FormErr, authoritative: false, PayloadSize);
        if (reader.Header.Opcode != Opcode.Query)
            return ReplyWriter.Write(query, response, ResponseCode.NotImp, authoritative: false, PayloadSize);
        // Transfers and the other questions about messages are not answered from here; ANY is.
        bool isPlain = question.Class == RecordClass.IN
            && (ZoneContentBuilder.IsZoneData(question.Type) || question.Type == RecordType.ANY);
        ZoneImage? zone = null;
        bool isFound = isPlain && TryFindZone(name[..nameLength], question.Type, out zone);
        if (isPlain && zones.IsAwaited(name[..nameLength], zone))
        {
            return ReplyWriter.Write(
                query, response, ResponseCode.ServFail, authoritative: false, PayloadSize, ExtendedErrorCode.NotReady);
        }
        if (!isFound)
        {
            return ReplyWriter.Write(
                query, response, ResponseCode.Refused, authoritative: false, PayloadSize, ExtendedErrorCode.NotAuthoritative);
        }
        if (edns.DnssecOk && zone!.Denial.Iterations > MaximumIterations)
        {
            return ReplyWriter.Write(
                query, response, ResponseCode.ServFail, authoritative: false, PayloadSize, ExtendedErrorCode.UnsupportedNsec3Iterations);
        }
        return Write(query, Limit(response, transport, edns), zone!, name[..nameLength], question.Type, edns);
    }

    /// <inheritdoc/>
    public bool IsApex(ReadOnlySpan<byte> name) => zones.TryFind(name, out ZoneImage? zone) && zone.Apex.Wire.Length == name.Length;

    private static int Write(
        ReadOnlySpan<byte> query, Span<byte> response, ZoneImage zone, ReadOnlySpan<byte> name, RecordType type, in EdnsView edns)
    {
        if (!ReplyWriter.TryBegin(query, response, ResponseCode.NoError, authoritative: true, out MessageWriter writer))
            return 0;
        writer.Reserve(edns.IsPresent ? OptSize : 0);
        var answer = new ZoneAnswer(zone, type, edns.DnssecOk, writer);
        answer.Fill(name);
        writer = answer.Writer;
        if (answer.IsTruncated)
        {
            // Nothing partial: the client asks again by TCP and half a set would only mislead it.
            ReplyWriter.TryBegin(query, response, ResponseCode.NoError, answer.IsAuthoritative, out writer);
            writer.Flags |= MessageHeader.TruncatedFlag;
        }
        else if (!answer.IsAuthoritative)
        {
            writer.Flags = (ushort)(writer.Flags & ~MessageHeader.AuthoritativeFlag);
        }
        writer.Flags |= (ushort)answer.ResponseCode;
        writer.Reserve(0);
        if (edns.IsPresent)
            writer.TryWriteOpt(PayloadSize, edns.DnssecOk);
        return writer.Length;
    }

    private static Span<byte> Limit(Span<byte> response, AnswerTransport transport, in EdnsView edns)
    {
        if (transport != AnswerTransport.Udp)
            return response;
        int limit = edns.IsPresent ? Math.Clamp((int)edns.PayloadSize, PlainUdpSize, PayloadSize) : PlainUdpSize;
        return response[..Math.Min(limit, response.Length)];
    }

    private bool TryFindZone(ReadOnlySpan<byte> name, RecordType type, [NotNullWhen(true)] out ZoneImage? zone)
    {
        if (!zones.TryFind(name, out zone))
            return false;
        // The DS of a zone lies in the zone above it, when that is here too.
        if (type == RecordType.DS && name.Length == zone.Apex.Wire.Length && zones.TryFindParent(name, out ZoneImage? parent))
            zone = parent;
        return true;
    }
}
