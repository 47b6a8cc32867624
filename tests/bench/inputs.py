"""What the ten programs work on: made here, the same on every machine, `size` times as much."""

import json
import os
import subprocess


def numbers(count, seed=1):
    """Marsaglia's xorshift, 32 bits."""
    for _ in range(count):
        seed ^= seed << 13 & 0xFFFFFFFF
        seed ^= seed >> 17
        seed ^= seed << 5 & 0xFFFFFFFF
        yield seed


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def write_sql(path, size):
    rows = int(250000 * size)
    write_lines(path, [
        "create table visits (id integer primary key, page text, seconds real);",
        f"with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) "
        "insert into visits select i, printf('page %x', i * 2654435761 % 4294967296), i / 3.0 from n;",
        "create index by_page on visits (page);",
        "select substr(page, 6, 2) as head, count(*), sum(seconds) from visits group by head;",
        "update visits set page = upper(page) || '!' where id % 3 = 0;",
        "select count(distinct page), max(page), total(length(page)) from visits;"])


def write_python(path, size):
    write_lines(path, [
        "import json",
        f"rows = [{{'id': i, 'name': 'n%d' % i, 'tags': [str(j * i) for j in range(i % 7)]}} "
        f"for i in range({int(90000 * size)})]",
        "again = json.loads(json.dumps(rows))",
        "words = {}",
        "for row in again:",
        "    for tag in row['tags']: words.setdefault(tag[:4], []).append(row['name'])",
        "print(len(again), len(words), sum(len(names) for names in words.values()))"])


def write_perl(path, size):
    write_lines(path, [
        "my (%words, @rows);",
        f"for my $i (1 .. {int(700000 * size)}) {{",
        "    my $key = 'key ' . ($i * 7919 % 100003);",
        "    $words{$key} .= \"x$i\";",
        "    push @rows, [$i, $key] if $i % 4 == 0;",
        "}",
        "my @sorted = sort { $a->[1] cmp $b->[1] || $a->[0] <=> $b->[0] } @rows;",
        "print scalar(keys %words), ' ', scalar(@sorted), \" $sorted[7][1]\\n\";"])


def c_function(name, seed):
    lines = [f"long f{name}(long a, long b, struct s *p)", "{", "\tlong i, x = a, y = b;"]
    for number in numbers(12, seed):
        lines += [f"\tfor (i = 0; i < {number % 100 + 1}; i++) {{",
                  f"\t\tif ((x ^ i) % {number % 17 + 2})",
                  f"\t\t\tx = x * {number % 1000} + p->field[{number % 16}] - y;",
                  f"\t\telse\n\t\t\ty += f{name // 2}(x, i, p) >> {number % 7};",
                  "\t}"]
    return lines + [f"\tp->field[{name % 16}] = x;", "\treturn x + y;", "}"]


def write_c(path, size):
    count = int(60 * size) + 1
    lines = ["struct s { long field[16]; };"]
    lines += [f"long f{name}(long a, long b, struct s *p);" for name in range(count)]
    for name in range(count):
        lines += c_function(name, name + 1)
    write_lines(path, lines)


def write_cxx(path, size):
    lines = [f"#include <{name}>" for name in
             "map memory set string vector".split()]
    for name in range(int(8 * size) + 1):
        lines += [
            f"struct key{name} {{ int a; std::string b; bool operator<(const key{name} &o) const "
            "{ return a < o.a || (a == o.a && b < o.b); } };",
            f"int use{name}(const std::vector<std::string> &in) {{",
            f"\tstd::map<key{name}, std::vector<std::shared_ptr<std::string>>> all;",
            "\tfor (const auto &word : in)",
            f"\t\tall[key{name}{{(int)word.size(), word}}].push_back("
            "std::make_shared<std::string>(word));",
            f"\tstd::set<key{name}> keys;",
            "\tfor (const auto &pair : all) keys.insert(pair.first);",
            "\treturn (int)keys.size();", "}"]
    write_lines(path, lines)


def history(commits):
    """A stream for git fast-import: each commit changes one of 2,000 files in 100 folders."""
    for number, chosen in enumerate(numbers(commits), 1):
        text = f"line {number} {chosen}\n"
        yield (f"commit refs/heads/main\ncommitter A <a@b> {1500000000 + number} +0000\n"
               f"data {len(text)}\n{text}M 644 inline d{chosen % 100}/f{chosen // 100 % 20}\n"
               f"data {len(text)}\n{text}\n")


def write_repository(path, size):
    subprocess.run(["git", "init", "-q", "--bare", path], check=True)
    given = "".join(history(int(60000 * size))).encode()
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input=given, check=True)


def write_json(path, size):
    rows = [{"id": number, "name": f"name {chosen % 5000}", "values": [chosen % 97, chosen % 89],
             "inner": {"flag": chosen % 2 == 0, "text": f"{chosen:x}"}}
            for number, chosen in enumerate(numbers(int(100000 * size)))]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file)


def write_xml(path, size):
    write_lines(path, ["<list>", *(
        f'<entry id="{number}" kind="k{chosen % 13}"><name>name {chosen}</name>'
        f"<value unit='u'>{chosen % 1000}</value><note>{chosen:x} &amp; more</note></entry>"
        for number, chosen in enumerate(numbers(int(160000 * size)))), "</list>"])


def write_numbers(path, size):
    write_lines(path, (f"{chosen % 1000} {chosen} word{chosen % 77777}"
                       for chosen in numbers(int(1100000 * size))))


# Name in the room, and who makes it.
WRITERS = {"fill.sql": write_sql, "work.py": write_python, "work.pl": write_perl, "work.c": write_c,
           "work.cc": write_cxx, "history.git": write_repository, "rows.json": write_json,
           "rows.xml": write_xml, "lines": write_numbers}


def make(room, size):
    """Makes them in the folder, unless a run before has; a half made one is not kept."""
    os.makedirs(room, exist_ok=True)
    for name, write in WRITERS.items():
        path = os.path.join(room, name)
        if not os.path.exists(path):
            write(path + ".part", size)
            os.rename(path + ".part", path)
