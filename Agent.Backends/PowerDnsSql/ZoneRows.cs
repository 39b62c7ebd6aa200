using System.Globalization;
using System.Text;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

/// <summary>A content as rows of the table of records.</summary>
internal static class ZoneRows
{
    // The least of the schemas (MySQL); SQLite would take more.
    private const int ContentLengthMax = 64_000;

    /// <summary>All rows, one after the other; those of empty names at the end.</summary>
    /// <exception cref="BackendException">A record does not fit the table.</exception>
    /// <exception cref="IOException">The content cannot be read.</exception>
    public static IEnumerable<RecordRow> Of(ZoneContent content, ZoneShape shape)
    {
        using RecordTextBuffer text = new();
        using RecordStream records = content.Open();
        while (TryRead(records, shape, text, out RecordRow? row))
            yield return row!;
        if (records.Error != ZoneContentError.None)
            throw new IOException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
        foreach (RecordRow row in shape.EmptyNames())
            yield return Checked(row);
    }

    private static bool TryRead(RecordStream records, ZoneShape shape, RecordTextBuffer text, out RecordRow? row)
    {
        row = null;
        StoredRecord record;
        do
        {
            if (!records.TryRead(out record))
                return false;
        }
        while (!shape.HasRow(record.Type));
        text.Clear();
        RdataText.Write(record.Type, record.Rdata, text, RdataTextStyle.PowerDnsTables47);
        string content = Encoding.ASCII.GetString(text.Written);
        int priority = 0;
        if (record.Type is RecordType.MX or RecordType.SRV)
            priority = TakePriority(ref content);
        (string? order, bool isAuthoritative) = shape.Of(record.Owner, record.Type);
        string type = PowerDnsTypes.NameOf(record.Type);
        string name = TableName.Of(record.Owner);
        row = Checked(new RecordRow(name, type, content, record.Ttl, priority, order, isAuthoritative));
        return true;
    }

    private static int TakePriority(ref string content)
    {
        int space = content.IndexOf(' ', StringComparison.Ordinal);
        // Data that does not fit its type has no priority, and PowerDNS could not read it.
        if (space < 0 || !int.TryParse(content.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out int priority))
            throw BackendException.Refused($"the data {content} is none of MX or SRV");
        content = content[(space + 1)..];
        return priority;
    }

    private static RecordRow Checked(RecordRow row) => row switch
    {
        { Name.Length: > TableName.LengthMax } or { OrderName.Length: > TableName.LengthMax } => throw BackendException.NameNotAcceptable(
            $"the name {row.Name} is longer in text than the {TableName.LengthMax} characters of PowerDNS's tables"),
        { Content.Length: > ContentLengthMax } => throw BackendException.CannotHold(
            $"the data of {row.Name} {row.Type} is longer in text than the {ContentLengthMax} characters of PowerDNS's tables"),
        _ => row,
    };
}
