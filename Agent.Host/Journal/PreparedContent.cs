using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>A content ready to be inserted: compressed, or null when its file is already in the store.</summary>
internal readonly record struct PreparedContent(ZoneFacts Facts, byte[]? Data);
