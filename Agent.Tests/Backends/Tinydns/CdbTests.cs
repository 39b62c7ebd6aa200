using System.Text;
using Agent.Backends.Tinydns;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>Constant databases, written and read by us and by the tool of another author.</summary>
public sealed class CdbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("cdb");

    private string FilePath => _folder.Combine("data.cdb");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2000)]
    public void What_was_written_is_found_in_its_order(int count)
    {
        List<(byte[] Key, byte[] Data)> records = [.. Records(count)];
        Write(records);

        using CdbReader reader = new(FilePath);
        Assert.Equal(count == 0, reader.IsEmpty);
        foreach (IGrouping<string, (byte[] Key, byte[] Data)> same in records.GroupBy(record => Convert.ToHexString(record.Key)))
            Assert.Equal(same.Select(record => record.Data), reader.Find(same.First().Key));
        Assert.Empty(reader.Find("not there"u8.ToArray()));
        long expected = CdbWriter.EmptySize + records.Sum(record => CdbWriter.SizeOf(record.Key.Length, record.Data.Length));
        Assert.Equal(expected, new FileInfo(FilePath).Length);
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task The_tool_cdb_lists_what_we_write_and_writes_what_we_read()
    {
        (byte[] Key, byte[] Data)[] records = [.. Records(300)];
        Write(records);

        string dump = (await Tool.RunAsync("cdb", ["-d", FilePath])).EnsureSuccess().Output;
        Assert.Equal(records.Select(Line), dump.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        (await Tool.RunAsync("cdb", ["-c", _folder.Combine("theirs"), _folder.Write("dump", dump)])).EnsureSuccess();
        Assert.Equal(await File.ReadAllBytesAsync(FilePath), await File.ReadAllBytesAsync(_folder.Combine("theirs")));

        static string Line((byte[] Key, byte[] Data) record) =>
            $"+{record.Key.Length},{record.Data.Length}:{Encoding.ASCII.GetString(record.Key)}->{Encoding.ASCII.GetString(record.Data)}";
    }

    [Fact]
    public void Whatever_the_file_holds_reading_ends()
    {
        Write([.. Records(20)]);
        byte[] whole = File.ReadAllBytes(FilePath);
        Random random = new(4711);
        byte[][] keys = [.. Records(20).Select(record => record.Key)];
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = round % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int i = 0; round % 3 != 0 && i < 200; i++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(FilePath, damaged);
            try
            {
                using CdbReader reader = new(FilePath);
                foreach (byte[] key in keys)
                    _ = reader.Find(key).Take(1000).Count();
            }
            catch (InvalidDataException)
            {
                // Said so, and over.
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    private void Write(IEnumerable<(byte[] Key, byte[] Data)> records)
    {
        using FileStream file = File.Create(FilePath);
        CdbWriter writer = new(file);
        foreach ((byte[] key, byte[] data) in records)
            writer.Add(key, data);
        writer.Complete();
    }

    /// <summary>Some keys come several times.</summary>
    private static IEnumerable<(byte[] Key, byte[] Data)> Records(int count) =>
        Enumerable.Range(0, count).Select(i => (Encoding.ASCII.GetBytes($"key{i % 700}"), Encoding.ASCII.GetBytes($"data{i}")));
}
