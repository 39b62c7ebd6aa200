using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>What an answer to a SOA question says about a server and a zone.</summary>
public enum SoaAnswerKind : byte
{
    /// <summary>The server is authoritative and has this serial.</summary>
    Authoritative,

    /// <summary>The server says that it does not serve the zone.</summary>
    Absent,

    /// <summary>Nothing can be concluded; never to be taken for absence.</summary>
    CannotTell,
}

/// <summary>What in an answer decided.</summary>
public enum SoaAnswerCause : byte
{
    /// <summary>The zone's SOA.</summary>
    Soa,

    /// <summary>REFUSED, NOTAUTH or NXDOMAIN.</summary>
    ErrorCodeOfAbsence,

    /// <summary>A referral to other servers.</summary>
    Referral,

    /// <summary>An authoritative answer without a SOA of the zone: it lies inside another zone there.</summary>
    NoSuchApex,

    /// <summary>Another error code, such as SERVFAIL.</summary>
    ErrorCode,

    /// <summary>The SOA came without AA: from a cache, or from a server whose copy expired.</summary>
    NotAuthoritative,

    /// <summary>An empty answer without authority.</summary>
    Empty,

    /// <summary>Cut to fit UDP: ask by TCP.</summary>
    Truncated,

    /// <summary>The answer to something else: other id, question, opcode, or not an answer.</summary>
    NotOurs,

    /// <summary>The message cannot be read.</summary>
    Malformed,
}

/// <summary>The judged answer to a SOA question.</summary>
/// <param name="Kind">The conclusion.</param>
/// <param name="Cause">What decided.</param>
/// <param name="Serial">The serial when authoritative, else 0.</param>
/// <param name="Soa">The timers when authoritative.</param>
/// <param name="ResponseCode">The response code.</param>
public readonly record struct SoaAnswer(SoaAnswerKind Kind, SoaAnswerCause Cause, uint Serial, SoaTimers Soa, ResponseCode ResponseCode)
{
    /// <summary>Judges a message. Never throws on what it holds.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="zone">The zone that was asked for.</param>
    /// <param name="id">The id of the question.</param>
    public static SoaAnswer Read(ReadOnlySpan<byte> message, DomainName zone, ushort id)
    {
        var reader = new MessageReader(message);
        if (reader.Error != WireError.None)
            return CannotTell(SoaAnswerCause.Malformed);
        MessageHeader header = reader.Header;
        if (!header.IsResponse || header.Id != id || header.Opcode != Opcode.Query)
            return CannotTell(SoaAnswerCause.NotOurs);
        // Servers that cannot read a question answer without it.
        if (header.QuestionCount > 1 || (header.QuestionCount == 0 && header.ResponseCode == ResponseCode.NoError))
            return CannotTell(SoaAnswerCause.NotOurs);
        if (header.QuestionCount == 1)
        {
            if (!reader.TryReadQuestion(out QuestionView question))
                return CannotTell(SoaAnswerCause.Malformed);
            if (question.Type != RecordType.SOA || question.Class != RecordClass.IN || !question.NameEquals(zone.Wire))
                return CannotTell(SoaAnswerCause.NotOurs);
        }
        return header.ResponseCode switch
        {
            ResponseCode.NoError => ReadSections(reader, zone),
            ResponseCode.Refused or ResponseCode.NotAuth or ResponseCode.NXDomain =>
                new SoaAnswer(SoaAnswerKind.Absent, SoaAnswerCause.ErrorCodeOfAbsence, 0, default, header.ResponseCode),
            _ => CannotTell(SoaAnswerCause.ErrorCode, header.ResponseCode),
        };
    }

    /// <summary>A sentence part for a log line or a reason.</summary>
    public string Text() => Cause switch
    {
        SoaAnswerCause.Soa => $"serial {Serial}",
        SoaAnswerCause.ErrorCodeOfAbsence or SoaAnswerCause.ErrorCode => $"answered {ResponseCode.ToString().ToUpperInvariant()}",
        SoaAnswerCause.Referral => "answered with a referral",
        SoaAnswerCause.NoSuchApex => "has no zone of this name",
        SoaAnswerCause.NotAuthoritative => "answered without authority",
        SoaAnswerCause.Empty => "gave an empty answer",
        SoaAnswerCause.Truncated => "gave a truncated answer",
        SoaAnswerCause.NotOurs => "answered something else",
        _ => "gave a malformed answer",
    };

    private static SoaAnswer ReadSections(MessageReader reader, DomainName zone)
    {
        MessageHeader header = reader.Header;
        bool hasReferral = false;
        SoaNumbers? found = null;
        Span<byte> rdata = stackalloc byte[2 * NameReader.MaximumLength + SoaNumbers.Size];
        while (reader.TryReadRecord(out RecordView record))
        {
            hasReferral |= record is { Section: MessageSection.Authority, Type: RecordType.NS };
            if (found is not null || record is not { Section: MessageSection.Answer, Type: RecordType.SOA, Class: RecordClass.IN })
                continue;
            if (!record.OwnerEquals(zone.Wire))
                continue;
            if (RdataExpander.Expand(record, rdata, out int length) != WireError.None
                || !SoaNumbers.TryRead(rdata[..length], out SoaNumbers numbers))
                return CannotTell(SoaAnswerCause.Malformed);
            found = numbers;
        }
        // A truncated message may end anywhere; whatever it holds is asked for again.
        if (header.IsTruncated && found is null)
            return CannotTell(SoaAnswerCause.Truncated);
        if (reader.Error != WireError.None || !reader.AtEnd)
            return CannotTell(SoaAnswerCause.Malformed);
        if (found is { } soa)
        {
            return header.IsAuthoritative
                ? new SoaAnswer(SoaAnswerKind.Authoritative, SoaAnswerCause.Soa, soa.Serial, soa.Timers, ResponseCode.NoError)
                : CannotTell(SoaAnswerCause.NotAuthoritative);
        }
        if (header.IsAuthoritative)
            return new SoaAnswer(SoaAnswerKind.Absent, SoaAnswerCause.NoSuchApex, 0, default, ResponseCode.NoError);
        return hasReferral
            ? new SoaAnswer(SoaAnswerKind.Absent, SoaAnswerCause.Referral, 0, default, ResponseCode.NoError)
            : CannotTell(SoaAnswerCause.Empty);
    }

    private static SoaAnswer CannotTell(SoaAnswerCause cause, ResponseCode responseCode = ResponseCode.NoError) =>
        new(SoaAnswerKind.CannotTell, cause, 0, default, responseCode);
}
