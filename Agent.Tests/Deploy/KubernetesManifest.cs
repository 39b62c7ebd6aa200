using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Agent.Tests.Architecture;
using k8s;

namespace Agent.Tests.Deploy;

/// <summary>
/// Reads manifests as the API server would: an unknown field, a value of a wrong type and a required field that is missing are errors.
/// </summary>
internal static class KubernetesManifest
{
    private static readonly Dictionary<string, string[]> Required = JsonSerializer.Deserialize<Dictionary<string, string[]>>(
        File.ReadAllText(Path.Combine(SourceTree.Root, "Agent.Tests", "Deploy", "kubernetes-required.json")))!;

    /// <summary>All objects of a file.</summary>
    /// <exception cref="InvalidDataException">A required field is missing.</exception>
    public static IReadOnlyList<object> Load(string yaml)
    {
        List<object> objects = KubernetesYaml.LoadAllFromString(yaml, null, strict: true);
        foreach (object one in objects) Check(one, one.GetType().Name);
        return objects;
    }

    private static void Check(object model, string path)
    {
        string[] required = Required.GetValueOrDefault(SchemaName(model.GetType()), []);
        foreach (PropertyInfo property in model.GetType().GetProperties())
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>() is not { } field) continue;
            object? value = property.GetValue(model);
            if (value is null || IsUnset(value))
            {
                if (required.Contains(field.Name)) throw new InvalidDataException($"{path}.{field.Name} is required");
                continue;
            }

            CheckValue(value, $"{path}.{field.Name}");
        }
    }

    private static void CheckValue(object value, string path)
    {
        if (value is string or ValueType) return;
        if (value is IDictionary map)
        {
            foreach (DictionaryEntry entry in map)
            {
                if (entry.Value is { } inner) CheckValue(inner, $"{path}.{entry.Key}");
            }
        }
        else if (value is IEnumerable list)
        {
            int index = 0;
            foreach (object? item in list)
            {
                if (item is not null) CheckValue(item, $"{path}[{index}]");
                index++;
            }
        }
        else
        {
            Check(value, path);
        }
    }

    /// <summary>What the client's types cannot leave out has its default then, and no required number of the API may be 0.</summary>
    private static bool IsUnset(object value) => value is ValueType && value.Equals(Activator.CreateInstance(value.GetType()));

    private static string SchemaName(Type type) => type.Name.StartsWith("V1", StringComparison.Ordinal) ? type.Name[2..] : type.Name;
}
