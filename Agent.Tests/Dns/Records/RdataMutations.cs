using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

/// <summary>RDATA near the edge: samples of a type cut, longer, with octets changed; now and then all at random.</summary>
internal static class RdataMutations
{
    private static readonly ILookup<RecordType, byte[]> Samples = RecordSamples.All.Concat(RecordSamples.Generic)
        .ToLookup(sample => sample.Type, sample => RecordSamples.Parse(sample.Type, sample.Text));

    public static byte[] Next(Random random, RecordType type)
    {
        byte[][] samples = [.. Samples[type]];
        if (samples.Length == 0 || random.Next(8) == 0)
        {
            byte[] octets = new byte[random.Next(80)];
            random.NextBytes(octets);
            return octets;
        }

        byte[] rdata = [.. samples[random.Next(samples.Length)]];
        switch (random.Next(4))
        {
            case 0:
                return rdata[..random.Next(rdata.Length + 1)];
            case 1:
                return [.. rdata, .. new byte[random.Next(1, 4)]];
            case 2 when rdata.Length > 0:
                for (int change = random.Next(1, 3); change > 0; change--)
                    rdata[random.Next(rdata.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(8));
                return rdata;
            default:
                return rdata;
        }
    }
}
