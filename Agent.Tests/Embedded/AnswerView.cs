using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Embedded;

/// <summary>An answer as a set of lines for each section, for comparing answers of different servers.</summary>
internal sealed record AnswerView(
    ResponseCode Code, bool IsAuthoritative, bool IsTruncated, string[] Answer, string[] Authority, string[] Additional)
{
    public static AnswerView Read(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        var sections = new List<string>[] { [], [], [], [] };
        ResponseCode code = reader.Header.ResponseCode;
        var owner = new byte[NameReader.MaximumLength];
        var rdata = new byte[ushort.MaxValue];
        using var text = new RecordTextBuffer();
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.Type == RecordType.OPT)
            {
                Assert.Equal(WireError.None, EdnsView.Read(record, out EdnsView edns));
                code = edns.ExtendResponseCode(code);
                continue;
            }
            Assert.True(record.TryCopyOwner(owner, out int ownerLength));
            Assert.Equal(WireError.None, RdataExpander.Expand(record, rdata, out int length));
            NameBytes.Fold(owner.AsSpan(0, ownerLength));
            RdataCanonical.Fold(record.Type, rdata.AsSpan(0, length));
            RecordText.WriteLine(owner.AsSpan(0, ownerLength), record.Ttl, record.Class, record.Type, rdata.AsSpan(0, length), text);
            sections[(int)record.Section].Add(System.Text.Encoding.ASCII.GetString(text.Written).TrimEnd('\n'));
            text.Clear();
        }
        Assert.True(reader.AtEnd, $"{reader.Error} at {reader.Offset}");
        foreach (List<string> section in sections)
            section.Sort(StringComparer.Ordinal);
        return new AnswerView(
            code, reader.Header.IsAuthoritative, reader.Header.IsTruncated, [.. sections[1]], [.. sections[2]], [.. sections[3]]);
    }

    public override string ToString() => string.Join(
        '\n',
        [
            $"{Code}{(IsAuthoritative ? " AA" : "")}{(IsTruncated ? " TC" : "")}",
            .. Answer.Select(line => "  answer     " + line),
            .. Authority.Select(line => "  authority  " + line),
            .. Additional.Select(line => "  additional " + line),
        ]);
}
