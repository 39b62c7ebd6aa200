using System.Buffers.Binary;

namespace Agent.Bench.Peers;

/// <summary>
/// The messages of a zone for a <see cref="ScriptedMaster"/>: SOA answers and AXFR streams, whole or with a part left out or changed. The
/// serial may change while the master runs.
/// </summary>
public sealed class ScriptedZone(string name, uint serial, int hosts = 3)
{
    private const int MessageBytesMax = 16 * 1024;
    private const int NoiseOctets = 200;

    public string Name { get; } = name;

    public uint Serial { get; set; } = serial;

    public int Hosts { get; set; } = hosts;

    /// <summary>TXT records of random octets, the same for the same name: content that no compression makes smaller.</summary>
    public int NoiseRecords { get; init; }

    public byte[] Soa
    {
        get
        {
            byte[] names = [.. DnsTestMessage.EncodeName("ns1." + Name), .. DnsTestMessage.EncodeName("hostmaster." + Name)];
            byte[] rdata = new byte[names.Length + 20];
            names.CopyTo(rdata, 0);
            uint[] numbers = [Serial, 3600, 600, 86400, 300];
            foreach ((int index, uint number) in numbers.Index())
            {
                BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(names.Length + (4 * index)), number);
            }

            return DnsTestMessage.Record(Name, DnsTestMessage.TypeSoa, 3600, rdata);
        }
    }

    /// <summary>The records between the two SOAs of a transfer.</summary>
    public IEnumerable<byte[]> Body
    {
        get
        {
            yield return DnsTestMessage.Record(Name, 2, 3600, DnsTestMessage.EncodeName("ns1." + Name));
            yield return DnsTestMessage.Record("ns1." + Name, 1, 3600, [127, 0, 0, 1]);
            for (int i = 0; i < Hosts; i++)
            {
                yield return DnsTestMessage.Record($"host{i}.{Name}", 1, 300, [192, 0, (byte)(2 + (i / 250 % 250)), (byte)(1 + (i % 250))]);
            }

            Random noise = new(Name.Length);
            byte[] text = new byte[1 + NoiseOctets];
            for (int i = 0; i < NoiseRecords; i++)
            {
                noise.NextBytes(text);
                text[0] = NoiseOctets;
                yield return DnsTestMessage.Record($"noise{i}.{Name}", 16, 300, text);
            }
        }
    }

    /// <summary>A response of this code with these answer records.</summary>
    public static byte[] Response(MasterQuery query, int responseCode, params IEnumerable<byte[]> answers)
    {
        List<byte[]> records = [.. answers];
        byte[] message = [.. new byte[12], .. query.Question, .. records.SelectMany(record => record)];
        BinaryPrimitives.WriteUInt16BigEndian(message, query.Id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)(0x8400 | responseCode));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)records.Count);
        return message;
    }

    /// <summary>The well-behaved script: SOA by UDP and TCP, AXFR (also for IXFR) by TCP, REFUSED for other names.</summary>
    public IEnumerable<MasterStep> Answer(MasterQuery query)
    {
        if (!query.Name.AsSpan().SequenceEqual(DnsTestMessage.EncodeName(Name)))
        {
            return [new MasterStep.Send(Response(query, 5))];
        }

        return query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr && query.IsTcp
            ? TransferMessages(query).Select(message => new MasterStep.Send(message))
            : [new MasterStep.Send(Response(query, 0, Soa))];
    }

    /// <summary>The messages of a whole AXFR.</summary>
    public IEnumerable<byte[]> TransferMessages(MasterQuery query)
    {
        List<byte[]> batch = [];
        int batchBytes = 0;
        byte[] soa = Soa;
        foreach (byte[] record in Body.Prepend(soa).Append(soa))
        {
            if (batchBytes + record.Length > MessageBytesMax)
            {
                yield return Response(query, 0, batch);
                batch.Clear();
                batchBytes = 0;
            }

            batch.Add(record);
            batchBytes += record.Length;
        }

        yield return Response(query, 0, batch);
    }
}
