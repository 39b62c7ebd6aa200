using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Contents;

/// <summary>Records as lines of a master file, up to a number of them. For one user at a time.</summary>
/// <param name="limit">So many lines are kept.</param>
public sealed class RecordLines(int limit)
{
    /// <summary>The first records.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>There were more than the limit.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Adds a record, if there is room.</summary>
    public void Add(in StoredRecord record) => Add(record.Owner, record.Ttl, record.Type, record.Rdata);

    /// <summary>Adds a record of class IN, if there is room.</summary>
    public void Add(ReadOnlySpan<byte> owner, uint ttl, RecordType type, ReadOnlySpan<byte> rdata)
    {
        if (Lines.Count == limit)
        {
            IsTruncated = true;
            return;
        }

        using var text = new RecordTextBuffer();
        RecordText.WriteLine(owner, ttl, RecordClass.IN, type, rdata, text);
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
