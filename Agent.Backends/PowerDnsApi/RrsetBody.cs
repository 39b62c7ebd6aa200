using System.Buffers;
using System.Text;
using System.Text.Json;
using Agent.Backends.PowerDns;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>
/// Changes of sets of records as the API takes them, collected up to a bound. Each is rendered as it comes, so the size is known before it
/// is sent.
/// </summary>
internal sealed class RrsetBody : IDisposable
{
    private readonly ArrayBufferWriter<byte> _rrsets = new();
    private readonly RecordTextBuffer _text = new();
    private bool _hasOne;

    /// <summary>Octets so far.</summary>
    public int Length => _rrsets.WrittenCount;

    /// <summary>Adds a set as it shall be.</summary>
    public void Replace(WantedRrset set, bool isDisabled = false) => Add(json =>
    {
        Head(json, ApiZoneId.TextOf(set.Owner), PowerDnsTypes.NameOf(set.Type), "REPLACE");
        json.WriteNumber("ttl", set.Ttl);
        json.WriteStartArray("records");
        // One that a master sends twice is one (RFC 2181 section 5), and PowerDNS refuses to be told it twice.
        foreach (string content in set.Rdata.Select(rdata => ContentOf(set.Type, rdata)).Distinct(StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("content", content);
            json.WriteBoolean("disabled", isDisabled);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Adds a set that shall not be.</summary>
    public void Delete(string owner, string type) => Add(json => Head(json, owner, type, "DELETE"));

    /// <summary>A body with these changes and other members beside them.</summary>
    public ReadOnlyMemory<byte> Whole(Action<Utf8JsonWriter>? others = null)
    {
        ArrayBufferWriter<byte> body = new(_rrsets.WrittenCount + 512);
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            others?.Invoke(json);
            json.WritePropertyName("rrsets");
            json.Flush();
            body.Write("["u8);
            body.Write(_rrsets.WrittenSpan);
            body.Write("]}"u8);
        }

        return body.WrittenMemory;
    }

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _rrsets.ResetWrittenCount();
        _hasOne = false;
    }

    public void Dispose() => _text.Dispose();

    private static void Head(Utf8JsonWriter json, string owner, string type, string change)
    {
        json.WriteString("name", owner);
        json.WriteString("type", type);
        json.WriteString("changetype", change);
    }

    private void Add(Action<Utf8JsonWriter> write)
    {
        if (_hasOne)
            _rrsets.Write(","u8);
        _hasOne = true;
        using Utf8JsonWriter json = new(_rrsets);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }

    private string ContentOf(RecordType type, byte[] rdata)
    {
        _text.Clear();
        RdataText.Write(type, rdata, _text, RdataTextStyle.PowerDns47);

        // PowerDNS takes only what it would write itself, and that has the space also where no data follow.
        if (_text.Written.SequenceEqual("\\# 0"u8)) _text.Write((byte)' ');
        return Encoding.ASCII.GetString(_text.Written);
    }
}
