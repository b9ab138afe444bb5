using System.Text.RegularExpressions;

namespace Overnight.Tests.Portable;

/// <summary>
/// Reads the public names out of the listings that Aspire keeps in its repository, <c>src/*/api/*.cs</c>: one line a member, of the form
/// <c>Namespace.Type.Member(parameters) -> type</c>. Types within a line go without their namespaces.
/// </summary>
internal static partial class PublishedNames
{
    public static IEnumerable<string> Read(IEnumerable<string> lines)
    {
        var space = "";
        Stack<(int Indent, string Name, string Kind)> types = [];
        var pending = "";
        foreach (var line in lines)
        {
            var text = line.Trim();
            var indent = line.Length - line.TrimStart().Length;
            if (text.Length == 0 || text.StartsWith("//", StringComparison.Ordinal) || text.StartsWith('[') && text.EndsWith(']'))
                continue;
            if (text.StartsWith("namespace ", StringComparison.Ordinal))
                space = text["namespace ".Length..].TrimEnd('{', ' ');
            else if (text == "{")
                continue;
            else if (text == "}")
                while (types.TryPeek(out var type) && type.Indent >= indent)
                    types.Pop();
            else if (pending.Length == 0 && TypeDeclaration().Match(text) is { Success: true } declared)
            {
                var name = declared.Groups["name"].Value;
                var full = types.TryPeek(out var outer) ? $"{outer.Name}.{name}" : $"{space}.{name}";
                var kind = declared.Groups["static"].Success ? "static class" : declared.Groups["kind"].Value;
                types.Push((indent, full, kind));
                yield return $"{kind} {full}";
            }
            // A constraint of the type itself.
            else if (pending.Length == 0 && text.StartsWith("where ", StringComparison.Ordinal))
                continue;
            else if (types.TryPeek(out var type))
            {
                pending = $"{pending} {text}".Trim();
                if (type.Kind == "enum")
                {
                    yield return $"{type.Name}.{pending.Split(' ', ',')[0]}";
                    pending = "";
                }
                else if (pending.EndsWith(';') || pending.EndsWith('}'))
                {
                    foreach (var member in Member(type.Name, pending))
                        yield return member;
                    pending = "";
                }
            }
        }
    }

    private static IEnumerable<string> Member(string type, string text)
    {
        text = Qualifier().Replace(Attribute().Replace(Base().Replace(Modifiers().Replace(text, ""), ""), ""), "");
        if (Property().Match(text) is { Success: true } property)
        {
            var accessors = property.Groups["accessors"].Value;
            foreach (var accessor in new[] { "get", "set", "init" })
            {
                if (Regex.IsMatch(accessors, $@"\b{accessor}\b"))
                    yield return $"{type}.{property.Groups["name"]}.{accessor} -> {property.Groups["type"]}";
            }
        }
        else if (Method().Match(text) is { Success: true } method)
        {
            var where = method.Groups["where"].Value.Trim();
            var name = method.Groups["type"].Success ? $"{method.Groups["name"]}" : "new";
            yield return $"{type}.{name}({method.Groups["parameters"]}){(method.Groups["type"].Success ? $" -> {method.Groups["type"]}" : "")}{(where.Length > 0 ? $" {where}" : "")}";
        }
        else if (Field().Match(text) is { Success: true } field)
        {
            yield return $"{type}.{field.Groups["name"]} -> {field.Groups["type"]}";
        }
    }

    [GeneratedRegex(
        @"^public (?:(?<static>static) |sealed |abstract |partial |readonly )*(?<kind>class|interface|struct|enum) (?<name>\w+)"
    )]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^(?:(?:public|protected|static|virtual|override|abstract|sealed|readonly|required|partial|const|new) )+")]
    private static partial Regex Modifiers();

    [GeneratedRegex(@" : (?:base|this)\(.*\)(?= \{)")]
    private static partial Regex Base();

    [GeneratedRegex(@"\[[A-Z][^\]]*\]\s*")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"(?:global::)?(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")]
    private static partial Regex Qualifier();

    [GeneratedRegex(@"^(?<type>\S.*?) (?<name>\w+) \{ (?<accessors>(?:get|set|init)\b.*)\}$")]
    private static partial Regex Property();

    [GeneratedRegex(@"^(?:(?<type>\S.*?) )?(?<name>\w+(?:<[^>(]+>)?)\((?<parameters>.*?)\)(?<where>(?: where .*?)?)\s*(?:\{.*\}|;)$")]
    private static partial Regex Method();

    [GeneratedRegex(@"^(?<type>\S.*?) (?<name>\w+);$")]
    private static partial Regex Field();
}
