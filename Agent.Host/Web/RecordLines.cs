using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>Records as lines of a master file, up to a number of them.</summary>
internal sealed class RecordLines(int limit)
{
    public List<string> Lines { get; } = [];

    /// <summary>There were more than the limit.</summary>
    public bool IsTruncated { get; private set; }

    public void Add(in StoredRecord record)
    {
        if (Lines.Count == limit)
        {
            IsTruncated = true;
            return;
        }

        using var text = new RecordTextBuffer();
        RecordText.WriteLine(record.Owner, record.Ttl, record.Class, record.Type, record.Rdata, text);
        Lines.Add(Encoding.UTF8.GetString(text.Written).TrimEnd('\n'));
    }

    /// <summary>All of a half of a difference; how many there are.</summary>
    public long AddAll(ReadOnlyMemory<byte> half)
    {
        using var records = new RecordStream(half);
        long count = 0;
        for (; records.TryRead(out StoredRecord record); count++) Add(record);
        return count;
    }
}
