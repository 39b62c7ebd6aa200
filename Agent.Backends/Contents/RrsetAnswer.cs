using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Backends.Contents;

/// <summary>What a server's answer says of an RRset.</summary>
public enum RrsetAnswerKind
{
    /// <summary>It is authoritative for the name and has these records, or none.</summary>
    Data = 0,

    /// <summary>The name is another zone's, or below a name that stands for others, or the answer was cut off: nothing of ours is to be
    /// seen there.</summary>
    Hidden = 1,

    /// <summary>No answer to the question.</summary>
    Unusable = 2,
}

/// <summary>An RRset as a server answers it.</summary>
/// <param name="Kind">What the answer says.</param>
/// <param name="Ttl">The largest time to live.</param>
/// <param name="Rdatas">The data of the records in canonical form.</param>
/// <param name="Code">The response code.</param>
public sealed record RrsetAnswer(RrsetAnswerKind Kind, uint Ttl, IReadOnlyList<byte[]> Rdatas, ResponseCode Code)
{
    private static readonly RrsetAnswer Malformed = new(RrsetAnswerKind.Unusable, 0, [], ResponseCode.FormErr);

    /// <summary>Judges a message. Never throws on what it holds.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="id">The id of the question.</param>
    /// <param name="owner">The name that was asked for.</param>
    /// <param name="type">The type that was asked for.</param>
    public static RrsetAnswer Read(ReadOnlySpan<byte> message, ushort id, DomainName owner, RecordType type)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var reader = new MessageReader(message);
        MessageHeader header = reader.Header;
        if (reader.Error != WireError.None || !header.IsResponse || header.Id != id || header.QuestionCount != 1
            || !reader.TryReadQuestion(out QuestionView question) || question.Type != type || !question.NameEquals(owner.Wire))
            return Malformed;
        if (header.ResponseCode is not (ResponseCode.NoError or ResponseCode.NXDomain))
            return new RrsetAnswer(RrsetAnswerKind.Unusable, 0, [], header.ResponseCode);
        // What is left of it may not even fit its counts.
        if (header.IsTruncated)
            return new RrsetAnswer(RrsetAnswerKind.Hidden, 0, [], header.ResponseCode);
        var rdatas = new List<byte[]>();
        uint ttl = 0;
        bool isHidden = !header.IsAuthoritative;
        byte[] room = new byte[ushort.MaxValue + RdataExpander.MaximumGrowth];
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.Section != MessageSection.Answer) continue;
            isHidden |= record.Type == RecordType.DNAME && type != RecordType.DNAME;
            if (record.Type != type || record.Class != RecordClass.IN || !record.OwnerEquals(owner.Wire)) continue;
            if (RdataExpander.Expand(record, room, out int length) != WireError.None) return Malformed;
            byte[] rdata = room[..length];
            RdataCanonical.Fold(type, rdata);
            rdatas.Add(rdata);
            ttl = Math.Max(ttl, record.Ttl);
        }

        if (reader.Error != WireError.None) return Malformed;
        return new RrsetAnswer(isHidden ? RrsetAnswerKind.Hidden : RrsetAnswerKind.Data, ttl, rdatas, header.ResponseCode);
    }
}
